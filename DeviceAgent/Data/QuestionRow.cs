namespace FwdLLM.DeviceAgent.Data;

/// <summary>A question about a context that holds its answer.</summary>
/// <param name="Line">Line of the file, from 1.</param>
/// <param name="Question">The question; never blank.</param>
/// <param name="Context">The context; never blank.</param>
/// <param name="Answers">Right answers, at least one; the first is the one to learn.</param>
/// <param name="Group">Value of the column named by <see cref="DataReadOptions.GroupColumn"/>, or null when none was named.</param>
public sealed record QuestionRow(int Line, string Question, string Context, IReadOnlyList<ContextAnswer> Answers, string? Group = null) : IDataRow
{
    string? IDataRow.Label => null;
}
