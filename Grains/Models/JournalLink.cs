using System.Security.Cryptography;
using System.Text;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>One link of <see cref="JournalChain"/>, put together from the parts of an entry: they need not be in memory at once.</summary>
public sealed class JournalLink : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly MemoryStream _bytes = new();
    private readonly BinaryWriter _writer;

    /// <summary>Starts the link after <paramref name="previous"/> (hex).</summary>
    public JournalLink(string previous, RoundOrder order, int contributions)
    {
        _writer = new BinaryWriter(_bytes, Encoding.UTF8);
        _writer.Write(Convert.FromHexString(previous));
        JournalChain.Write(_writer, order, contributions);
        Flush();
    }

    /// <summary>Adds the next contributions, in the journal's order.</summary>
    public void Add(IEnumerable<RecordedContribution> contributions)
    {
        foreach (var contribution in contributions)
        {
            JournalChain.Write(_writer, contribution);
            Flush();
        }
    }

    /// <summary>The link's hash (hex); nothing can be added after.</summary>
    public string Hash() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose()
    {
        _writer.Dispose();
        _hash.Dispose();
    }

    private void Flush()
    {
        _writer.Flush();
        _hash.AppendData(_bytes.GetBuffer().AsSpan(0, (int)_bytes.Length));
        _bytes.SetLength(0);
    }
}
