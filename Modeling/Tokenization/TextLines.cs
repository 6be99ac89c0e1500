using System.Text;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Reads vocabularies that lie in text files, one entry a line.</summary>
internal static class TextLines
{
    public static string[] Read(string path)
    {
        try
        {
            var bytes = new FileInfo(path).Length;
            if (bytes > JsonFile.MaxBytes)
                throw new CheckpointException($"{path} has {bytes} bytes; at most {JsonFile.MaxBytes} are read. It is not a vocabulary.");
            var lines = File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).Split('\n');
            // Only '\n' ends a line: other line separators are pieces of some vocabularies.
            var count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
            return [.. lines.Take(count).Select(line => line.TrimEnd('\r'))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new CheckpointException($"{path} cannot be read as UTF-8 text: {error.Message} Check the path and its permissions, or download it again.", error);
        }
    }
}
