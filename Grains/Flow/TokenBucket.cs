namespace FwdLLM.Grains;

/// <summary>Holds up to <paramref name="burst"/> tokens and gains <paramref name="perSecond"/> a second. Starts full. Not thread-safe.</summary>
internal sealed class TokenBucket(double burst, double perSecond, TimeProvider clock)
{
    private double _missing;
    private long _filled = clock.GetTimestamp();

    /// <summary>Takes tokens if they are there; takes none otherwise.</summary>
    public bool TryTake(double tokens)
    {
        Fill();
        if (burst - _missing < tokens) return false;
        _missing += tokens;
        return true;
    }

    /// <summary>Time until so many tokens are there.</summary>
    public TimeSpan Until(double tokens)
    {
        Fill();
        return TimeSpan.FromSeconds(Math.Max(0, tokens + _missing - burst) / perSecond);
    }

    private void Fill()
    {
        var now = clock.GetTimestamp();
        _missing = Math.Max(0, _missing - (clock.GetElapsedTime(_filled, now).TotalSeconds * perSecond));
        _filled = now;
    }
}
