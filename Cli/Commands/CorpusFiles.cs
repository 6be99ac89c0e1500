using System.Text;
using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.Cli.Commands;

/// <summary>Texts without labels: one a line in .txt files, otherwise a column of JSON Lines or CSV.</summary>
internal static class CorpusFiles
{
    public static IEnumerable<string> Read(IReadOnlyList<string> files, string textColumn) =>
        files.SelectMany(file => file.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) ? Lines(file) : Column(file, textColumn));

    // A corpus has no labels to read: the text stands in for them.
    private static IEnumerable<string> Column(string file, string textColumn) =>
        DataReader.Read(file, new DataReadOptions { TextColumn = textColumn, LabelColumn = textColumn }).Rows.Select(row => row.Text);

    private static IEnumerable<string> Lines(string file)
    {
        using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        for (var line = 1; ; line++)
        {
            string? text;
            try
            {
                text = reader.ReadLine();
            }
            catch (DecoderFallbackException)
            {
                throw new InputException($"{file} is not UTF-8 (near line {line}); convert it first.");
            }

            if (text is null)
                yield break;
            if (!string.IsNullOrWhiteSpace(text))
                yield return text;
        }
    }
}
