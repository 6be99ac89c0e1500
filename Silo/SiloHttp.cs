using System.Net;
using Orleans.Dashboard;

namespace FwdLLM.Silo;

/// <summary>The silo's HTTP surface: health for supervisors, gateways and artifacts for devices, the dashboard for the operator.</summary>
internal static class SiloHttp
{
    private const string DashboardPath = "/dashboard";

    public static void Map(WebApplication app, SiloSettings settings)
    {
        app.Use(RefuseDistantDashboard);
        app.UseRouting();
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", Ready);
        app.MapGet("/gateways", (GatewayList gateways, CancellationToken cancellation) => gateways.AnswerAsync(cancellation));
        var artifacts = new ArtifactStore(settings.ArtifactsFolder);
        app.MapMethods("/artifacts/{sha256}/{file}", [HttpMethods.Get, HttpMethods.Head], (string sha256, string file) => artifacts.Serve(sha256, file));
        if (settings.Dashboard)
            app.MapOrleansDashboard(DashboardPath);
    }

    private static IResult Ready(IHostApplicationLifetime lifetime, ISiloStatusOracle silo) =>
        lifetime.ApplicationStarted.IsCancellationRequested && silo.CurrentStatus == SiloStatus.Active
            ? Results.Text("ready")
            : Results.Text($"silo is {silo.CurrentStatus}", statusCode: StatusCodes.Status503ServiceUnavailable);

    // The dashboard shows grain state and has no login.
    private static Task RefuseDistantDashboard(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments(DashboardPath)
            || (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync("The dashboard answers requests from the silo's own machine only.");
    }
}
