using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// SentencePiece's normalisation rules (such as nmt_nfkc_cf) as they lie in model files: a double-array trie (darts-clone) from UTF-8
/// to places in a list of zero-terminated strings. Applied as Hugging Face's "tokenizers" does it: to a grapheme of fewer than 6 bytes
/// as a whole by its shortest rule, otherwise character by character. A step of the trie that leads outside the file matches nothing.
/// </summary>
internal sealed class PrecompiledCharsmap
{
    private const int LongestGrapheme = 6;

    private readonly uint[] _trie;
    private readonly byte[] _strings;

    public PrecompiledCharsmap(string source, ReadOnlySpan<byte> data)
    {
        var length = data.Length < sizeof(uint) ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (length == 0 || length % sizeof(uint) != 0 || length > data.Length - sizeof(uint))
            throw new CheckpointException($"{source}: precompiled_charsmap of {data.Length} bytes says that its trie has {length}; it is damaged. Download or export the file again.");
        var trie = data.Slice(sizeof(uint), (int)length);
        _trie = new uint[trie.Length / sizeof(uint)];
        for (var index = 0; index < _trie.Length; index++)
            _trie[index] = BinaryPrimitives.ReadUInt32LittleEndian(trie[(index * sizeof(uint))..]);
        _strings = data[(sizeof(uint) + trie.Length)..].ToArray();
    }

    public List<MappedRune> Apply(List<MappedRune> runes)
    {
        var result = new List<MappedRune>(runes.Count);
        var (units, indices) = MappedText.ToUnits(runes);
        for (int unit = 0, length; unit < units.Length; unit += length)
        {
            length = StringInfo.GetNextTextElementLength(units.AsSpan(unit));
            var grapheme = runes.Slice(indices[unit], indices[unit + length - 1] - indices[unit] + 1);
            if (grapheme.Sum(rune => rune.Rune.Utf8SequenceLength) >= LongestGrapheme || !TryMap(grapheme, result))
                foreach (var rune in grapheme)
                    if (!TryMap([rune], result))
                        result.Add(rune);
        }

        return result;
    }

    private bool TryMap(List<MappedRune> runes, List<MappedRune> result)
    {
        Span<byte> bytes = stackalloc byte[LongestGrapheme];
        var count = 0;
        foreach (var rune in runes)
            count += rune.Rune.EncodeToUtf8(bytes[count..]);
        if (Find(bytes[..count]) is not { } place)
            return false;
        var text = _strings.AsSpan(place);
        var end = text.IndexOf((byte)0);
        // Character for character takes the place of the one it replaces, the rest that of the last.
        var index = 0;
        foreach (var rune in Encoding.UTF8.GetString(end < 0 ? text : text[..end]).EnumerateRunes())
            result.Add(runes[Math.Min(index++, runes.Count - 1)] with { Rune = rune });
        return true;
    }

    /// <summary>Where the string of the shortest key that the bytes start with begins, or null.</summary>
    private int? Find(ReadOnlySpan<byte> key)
    {
        var node = Offset(_trie[0]);
        foreach (var value in key)
        {
            node ^= value;
            if (value == 0 || node >= _trie.Length || (_trie[node] & 0x8000_00FF) != value)
                return null;
            var unit = _trie[node];
            node ^= Offset(unit);
            if ((unit >> 8 & 1) != 1)
                continue;
            var place = node < _trie.Length ? _trie[node] & 0x7FFF_FFFF : uint.MaxValue;
            return place < _strings.Length ? (int)place : null;
        }

        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
