using FwdLLM.DeviceAgent.Data;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Makes examples of one file's rows; a row may give several. Thread-safe.</summary>
public abstract class RowEncoder
{
    /// <summary>The examples of some rows, in order.</summary>
    /// <param name="rows">Row indices; at least one.</param>
    /// <exception cref="DataException">A row cannot become an example; the message names its line and the remedy.</exception>
    public LocalExamples Encode(IEnumerable<int> rows)
    {
        var (sequences, targets) = (new List<TokenSequence>(), new List<ExampleTarget>());
        foreach (var row in rows)
            foreach (var (sequence, target) in Examples(row))
            {
                sequences.Add(sequence);
                targets.Add(target);
            }

        return new LocalExamples(sequences, targets);
    }

    private protected abstract IEnumerable<(TokenSequence Sequence, ExampleTarget Target)> Examples(int row);
}
