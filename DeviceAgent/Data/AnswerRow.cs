using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>A prompt with the answer to learn, or a conversation in which the assistant's turns are the answers.</summary>
/// <param name="Line">Line of the file, from 1.</param>
/// <param name="Prompt">The prompt as it stands; empty for a conversation.</param>
/// <param name="Answer">The answer as it stands; never blank, but empty for a conversation.</param>
/// <param name="Messages">The conversation, with at least one turn of the assistant; empty for a prompt.</param>
/// <param name="Group">Value of the column named by <see cref="DataReadOptions.GroupColumn"/>, or null when none was named.</param>
public sealed record AnswerRow(int Line, string Prompt, string Answer, IReadOnlyList<ChatMessage> Messages, string? Group = null) : IDataRow
{
    string? IDataRow.Label => null;
}
