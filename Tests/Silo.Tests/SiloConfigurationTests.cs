namespace FwdLLM.Silo.Tests;

public sealed class SiloConfigurationTests
{
    [Fact]
    public void Command_line_counts_more_than_the_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "gatewayPort": 30001, "clusterId": "from-file", "probe-timeout": 1.5 }""");

            var settings = SiloConfiguration.Read(["--config", file, "--gateway-port=30002", "--dashboard", "false"]);

            Assert.Equal((30_002, "from-file", 1.5, false, 8080), (settings.GatewayPort, settings.ClusterId, settings.Timings.ProbeTimeout.TotalSeconds, settings.Dashboard, settings.HttpPort));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("--gatway-port", "1", "there is no setting 'gatway-port'; the nearest is 'gateway-port'")]
    [InlineData("--gateway-port", "many", "gateway-port is 'many'; give a whole number")]
    [InlineData("--dashboard", "yes", "dashboard is 'yes'; give true or false")]
    [InlineData("--storage", "mysql", "storage is 'mysql'; give one of sqlite, redis, postgresql")]
    [InlineData("--clustering", "1", "clustering is '1'; give one of localhost, redis, postgresql")]
    [InlineData("--probe-timeout", "-1", "probe-timeout is '-1'; give seconds")]
    [InlineData("--config", "nowhere.json", "--config is 'nowhere.json', which does not exist")]
    [InlineData("--silo-port", "99999", "SiloPort is 99999")]
    [InlineData("gateway-port", "1", "'gateway-port' is not an option")]
    public void Wrong_command_line_is_explained(string name, string value, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => SiloConfiguration.Read([name, value]));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_settings_end_with_code_2_and_help_with_0()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        Assert.Equal(2, await SiloProgram.RunAsync(["--colour", "red"], output, error));
        Assert.Equal(0, await SiloProgram.RunAsync(["--help"], output, error));

        Assert.StartsWith("silo: there is no setting 'colour'", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--storage-folder", output.ToString(), StringComparison.Ordinal);
    }
}
