using System.Text.Json;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>What a causal language model learns to answer: <c>prompt</c> and <c>answer</c>, or <c>messages</c> of {role, content}.</summary>
internal sealed class AnswerFormat(DataReadOptions options) : RowFormat<AnswerRow>
{
    private static readonly string[] Roles = ["system", "user", "assistant"];

    public override string Example => """{"prompt": "…", "answer": "…"} or {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}""";

    public override AnswerRow? FromJson(int line, JsonElement row, ref string reason)
    {
        if (!JsonRow.Group(row, options.GroupColumn, out var group, ref reason))
            return null;
        if (row.TryGetProperty("messages", out var messages))
            return Conversation(messages, ref reason) is { } turns ? new AnswerRow(line, "", "", turns, group) : null;
        return JsonRow.Filled(row, "prompt", ref reason) is { } prompt && JsonRow.Filled(row, "answer", ref reason) is { } answer
            ? new AnswerRow(line, prompt, answer, [], group)
            : null;
    }

    private static List<ChatMessage>? Conversation(JsonElement messages, ref string reason)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            reason = $"\"messages\" is {JsonRow.Kind(messages)}; it must be a list of {{\"role\", \"content\"}}";
            return null;
        }

        var turns = new List<ChatMessage>();
        foreach (var message in messages.EnumerateArray())
        {
            var why = $"{JsonRow.Kind(message)}, not an object";
            if (message.ValueKind != JsonValueKind.Object || JsonRow.Filled(message, "role", ref why) is not { } role || JsonRow.Filled(message, "content", ref why) is not { } content)
            {
                reason = $"\"messages\"[{turns.Count}]: {why}";
                return null;
            }

            if (!Roles.Contains(role))
            {
                reason = $"\"messages\"[{turns.Count}] has another role than {string.Join(", ", Roles)}";
                return null;
            }

            turns.Add(new ChatMessage(role, content));
        }

        // Without a turn before it an answer answers nothing.
        if (turns.Skip(1).Any(turn => turn.Role == "assistant"))
            return turns;
        reason = "\"messages\" has no turn of the assistant after another turn; there is nothing to learn";
        return null;
    }
}
