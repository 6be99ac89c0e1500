using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class AnswerReaderTests
{
    [Fact]
    public void Prompts_and_conversations_are_read()
    {
        using var file = new TempFile("""
            {"prompt": "2 + 2 =", "answer": " 4", "user": "u1"}
            {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}], "user": 2}
            """);
        var rows = DataReader.ReadAnswers(file.Path, new() { GroupColumn = "user" }).Rows;
        Assert.Equal(("2 + 2 =", " 4", "u1"), (rows[0].Prompt, rows[0].Answer, rows[0].Group));
        Assert.Equal([new("user", "hi"), new("assistant", "hello")], rows[1].Messages);
        Assert.Equal((2, "2"), (rows[1].Line, rows[1].Group));
    }

    [Theory]
    [InlineData("""{"prompt": "p"}""", "no \"answer\"")]
    [InlineData("""{"prompt": "p", "answer": " "}""", "\"answer\" is empty")]
    [InlineData("""{"prompt": 1, "answer": "a"}""", "\"prompt\" is a number")]
    [InlineData("""{"messages": "hi"}""", "\"messages\" is a string")]
    [InlineData("""{"messages": ["hi"]}""", "\"messages\"[0]: a string, not an object")]
    [InlineData("""{"messages": [{"role": "user", "content": ""}]}""", "\"messages\"[0]: \"content\" is empty")]
    [InlineData("""{"messages": [{"role": "tool", "content": "x"}]}""", "another role than system, user, assistant")]
    [InlineData("""{"messages": [{"role": "user", "content": "x"}]}""", "nothing to learn")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "x"}]}""", "nothing to learn")]
    public void Bad_rows_are_named_with_line_and_reason(string row, string reason)
    {
        using var file = new TempFile("""{"prompt": "p", "answer": "a"}""" + "\n" + row + "\n");
        var message = Assert.Throws<DataException>(() => DataReader.ReadAnswers(file.Path, new())).Message;
        Assert.Contains("line 2: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }
}
