using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>A normalised word being collected: its UTF-16 code units, and for each the range of the text it came from.</summary>
internal sealed class Word
{
    private readonly List<(int Start, int End)> _places = [];
    private char[] _chars = new char[64];

    public ReadOnlySpan<char> Text => _chars.AsSpan(0, _places.Count);

    public int Runes { get; private set; }

    public void Append(Rune rune, int start, int end)
    {
        if (_places.Count + 2 > _chars.Length)
            Array.Resize(ref _chars, 2 * _chars.Length);
        var units = rune.EncodeToUtf16(_chars.AsSpan(_places.Count));
        for (var unit = 0; unit < units; unit++)
            _places.Add((start, end));
        Runes++;
    }

    /// <summary>The range of the text that code units [first, last) came from.</summary>
    public (int Start, int End) Place(int first, int last) => (_places[first].Start, _places[last - 1].End);

    public void Clear()
    {
        _places.Clear();
        Runes = 0;
    }
}
