namespace FwdLLM.Silo.Faults;

/// <summary>What happens at a fault point.</summary>
internal enum FaultAction
{
    /// <summary>Nothing but a note that the point was reached, with the time; each time.</summary>
    Note,

    /// <summary>kill -9 of the silo's own process.</summary>
    Kill,

    /// <summary>SIGSTOP of the silo's own process: it hangs with its connections open, until somebody sends SIGCONT or SIGKILL.</summary>
    Stop,

    /// <summary>The next write fails and stores nothing.</summary>
    StorageError,

    /// <summary>The next write stores, but its answer is lost.</summary>
    StorageLost,

    /// <summary>All reads and writes fail for so many milliseconds.</summary>
    StorageDown,

    /// <summary>All reads and writes take so many milliseconds longer, for a second.</summary>
    StorageLatency,

    /// <summary>Another writer gets in before the next write, as a second activation of the grain would.</summary>
    Duplicate,
}
