using System.Buffers;
using System.IO.Pipelines;

namespace FwdLLM.DeviceAgent;

/// <summary>A pipe reader that reports how many bytes were consumed.</summary>
internal sealed class MeteredReader(PipeReader inner, Action<long> consumedBytes) : PipeReader
{
    private ReadOnlySequence<byte> _unconsumed;

    public override bool TryRead(out ReadResult result)
    {
        var any = inner.TryRead(out result);
        _unconsumed = result.Buffer;
        return any;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await inner.ReadAsync(cancellationToken);
        _unconsumed = result.Buffer;
        return result;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Counted before the inner reader may recycle the segments the positions point into.
        consumedBytes(_unconsumed.Slice(_unconsumed.Start, consumed).Length);
        _unconsumed = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
}
