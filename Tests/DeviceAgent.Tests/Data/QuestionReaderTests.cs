using FwdLLM.DeviceAgent.Data;
using FwdLLM.Tests;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class QuestionReaderTests
{
    [Fact]
    public void Both_spellings_of_answers_are_read_and_places_count_code_points()
    {
        using var file = new TempFile("""
            {"context": "a 😀 in June 1973", "question": "when?", "answers": [{"text": "June 1973", "answer_start": 7}, {"text": "1973", "answer_start": 12}]}

            {"context": "a 😀 in June 1973", "question": "when?", "answers": {"text": ["1973"], "answer_start": [12]}, "id": 7}
            """);
        var data = DataReader.ReadQuestions(file.Path, new() { GroupColumn = null });
        Assert.Equal([new("June 1973", 8), new("1973", 13)], data.Rows[0].Answers);
        Assert.Equal([new ContextAnswer("1973", 13)], data.Rows[1].Answers);
        Assert.Equal([1, 3], data.Rows.Select(row => row.Line));
    }

    [Theory]
    [InlineData("""{"context": "c", "question": "q"}""", "no \"answers\"")]
    [InlineData("""{"context": "c", "answers": []}""", "no \"question\"")]
    [InlineData("""{"context": " ", "question": "q", "answers": []}""", "\"context\" is empty")]
    [InlineData("""{"context": "c", "question": "q", "answers": []}""", "\"answers\" holds 0 answers")]
    [InlineData("""{"context": "c", "question": "q", "answers": "c"}""", "\"answers\" is a string")]
    [InlineData("""{"context": "c", "question": "q", "answers": [{"text": "c"}]}""", "\"answers\"[0] has no")]
    [InlineData("""{"context": "c", "question": "q", "answers": [{"text": 3, "answer_start": 0}]}""", "the text of \"answers\"[0] is a number")]
    [InlineData("""{"context": "c", "question": "q", "answers": [{"text": "c", "answer_start": -1}]}""", "answer_start of \"answers\"[0] is -1")]
    [InlineData("""{"context": "c", "question": "q", "answers": [{"text": "c", "answer_start": 0.5}]}""", "answer_start of \"answers\"[0] is 0.5")]
    [InlineData("""{"context": "c", "question": "q", "answers": [{"text": "c", "answer_start": 2000000000}]}""", "does not stand in the context at character 2000000000")]
    [InlineData("""{"context": "cat", "question": "q", "answers": [{"text": "at", "answer_start": 0}]}""", "does not stand in the context at character 0")]
    [InlineData("""{"context": "cat", "question": "q", "answers": {"text": ["at"], "answer_start": []}}""", "equally long")]
    [InlineData("""[1]""", "an array, not an object")]
    public void Bad_rows_are_named_with_line_and_reason(string row, string reason)
    {
        using var file = new TempFile("""{"context": "c", "question": "q", "answers": [{"text": "c", "answer_start": 0}]}""" + "\n" + row + "\n");
        var message = Assert.Throws<DataException>(() => DataReader.ReadQuestions(file.Path, new())).Message;
        Assert.Contains("line 2: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Equal(1, DataReader.ReadQuestions(file.Path, new() { SkipBadRows = true }).SkippedCount);
    }

    [Fact]
    public void Csv_is_refused_with_an_example_of_a_row()
    {
        using var file = new TempFile("question,context\nq,c\n");
        Assert.Contains("\"answer_start\": 0", Assert.Throws<DataException>(() => DataReader.ReadQuestions(file.Path, new())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train", 2742)]
    [InlineData("test", 999)]
    public void Squad_is_read_whole(string name, int rows)
    {
        var data = DataReader.ReadQuestions(TestPaths.RequireShared("data", "squad", name + ".jsonl.gz"), new());
        Assert.Equal((rows, 0), (data.Rows.Count, data.SkippedCount));
        Assert.All(data.Rows, row => Assert.All(row.Answers, answer => Assert.Equal(answer.Text, row.Context.Substring(answer.Start, answer.Text.Length))));
    }

    [Fact]
    public void Split_by_labels_needs_labels()
    {
        using var file = new TempFile("""{"context": "c", "question": "q", "answers": [{"text": "c", "answer_start": 0}]}""");
        Assert.Contains("without labels", Assert.Throws<DataException>(() => DataSplit.Parse("dirichlet:1").Assign(DataReader.ReadQuestions(file.Path, new()), 1, 1)).Message, StringComparison.Ordinal);
    }
}
