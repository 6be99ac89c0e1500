namespace FwdLLM.DeviceAgent;

/// <summary>Checks the HTTP addresses of a command line.</summary>
internal static class HttpAddress
{
    /// <summary>The address, ending with a slash, so that names can be put after it.</summary>
    /// <exception cref="ArgumentException">Not an absolute http or https address.</exception>
    public static Uri Parse(string text, string option) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new ArgumentException($"{option} is '{text}'; give an address such as http://127.0.0.1:8080.");
}
