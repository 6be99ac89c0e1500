using System.Text;

namespace FwdLLM.Grains.Interfaces;

/// <summary>FNV-1a (32 bit) over UTF-8: the same in every process, unlike <see cref="string.GetHashCode()"/>. Part of stored keys and of messages, so it never changes.</summary>
public static class Fnv1a
{
    /// <summary>The hash of a text.</summary>
    public static uint Of(string text)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ b) * 16777619u);
        return hash;
    }
}
