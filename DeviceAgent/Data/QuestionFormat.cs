using System.Text.Json;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>
/// Questions as SQuAD v1.1 has them, one an object: <c>context</c>, <c>question</c> and <c>answers</c>, a list of {text, answer_start} or, as the
/// "datasets" library writes it, an object of two lists. answer_start counts Unicode code points.
/// </summary>
internal sealed class QuestionFormat(DataReadOptions options) : RowFormat<QuestionRow>
{
    // Annotators give a handful; every answer is looked up in its context.
    private const int MostAnswers = 100;

    public override string Example => """{"context": "…", "question": "…", "answers": [{"text": "…", "answer_start": 0}]}""";

    public override QuestionRow? FromJson(int line, JsonElement row, ref string reason) =>
        JsonRow.Filled(row, "question", ref reason) is { } question
        && JsonRow.Filled(row, "context", ref reason) is { } context
        && Answers(row, context, ref reason) is { } answers
        && JsonRow.Group(row, options.GroupColumn, out var group, ref reason)
            ? new QuestionRow(line, question, context, answers, group)
            : null;

    private static List<ContextAnswer>? Answers(JsonElement row, string context, ref string reason)
    {
        if (!row.TryGetProperty("answers", out var value))
        {
            reason = JsonRow.Missing(row, "answers", null);
            return null;
        }

        if (Pairs(value, ref reason) is not { } pairs)
            return null;
        if (pairs.Count is 0 or > MostAnswers)
        {
            reason = $"\"answers\" holds {pairs.Count} answers; every question needs 1 to {MostAnswers} that stand in its context";
            return null;
        }

        var answers = new List<ContextAnswer>(pairs.Count);
        for (var i = 0; i < pairs.Count; i++)
        {
            if (Answer(pairs[i].Text, pairs[i].Start, context, i, ref reason) is not { } answer)
                return null;
            answers.Add(answer);
        }

        return answers;
    }

    private static List<(JsonElement Text, JsonElement Start)>? Pairs(JsonElement value, ref string reason)
    {
        var pairs = new List<(JsonElement, JsonElement)>();
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("text", out var text) || !item.TryGetProperty("answer_start", out var start))
                    {
                        reason = $"\"answers\"[{pairs.Count}] has no \"text\" and \"answer_start\"";
                        return null;
                    }

                    pairs.Add((text, start));
                }

                return pairs;
            case JsonValueKind.Object when value.TryGetProperty("text", out var texts) && value.TryGetProperty("answer_start", out var starts)
                && texts.ValueKind == JsonValueKind.Array && starts.ValueKind == JsonValueKind.Array && texts.GetArrayLength() == starts.GetArrayLength():
                return [.. texts.EnumerateArray().Zip(starts.EnumerateArray())];
            default:
                reason = $"\"answers\" is {JsonRow.Kind(value)}; it must be a list of {{\"text\", \"answer_start\"}}, or an object of these two lists, equally long";
                return null;
        }
    }

    private static ContextAnswer? Answer(JsonElement text, JsonElement start, string context, int index, ref string reason)
    {
        if (text.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(text.GetString()))
            reason = $"the text of \"answers\"[{index}] is {(text.ValueKind == JsonValueKind.String ? "empty" : JsonRow.Kind(text))}; it must be a part of the context";
        else if (start.ValueKind != JsonValueKind.Number || !start.TryGetInt32(out var points) || points < 0)
            reason = $"answer_start of \"answers\"[{index}] is {(start.ValueKind == JsonValueKind.Number ? start.GetRawText() : JsonRow.Kind(start))}; it must be a whole number from 0";
        else if (CodeUnits(context, points) is not { } at || string.CompareOrdinal(context, at, text.GetString(), 0, text.GetString()!.Length) != 0)
            reason = $"\"answers\"[{index}] does not stand in the context at character {points}";
        else
            return new ContextAnswer(text.GetString()!, at);
        return null;
    }

    private static int? CodeUnits(string text, int codePoints)
    {
        var at = 0;
        for (var point = 0; point < codePoints; point++)
        {
            if (at >= text.Length)
                return null;
            at += char.IsSurrogatePair(text, at) ? 2 : 1;
        }

        return at;
    }
}
