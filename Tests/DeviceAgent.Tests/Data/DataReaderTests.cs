using System.Text;
using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class DataReaderTests
{
    private const string Good = """
        {"text": "good film", "label": "positive"}
        {"text": "bad film", "label": "negative"}

        """;

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.csv")]
    [InlineData("a")]
    public void Json_lines_are_known_by_content_whatever_the_name(string name)
    {
        using var file = new TempFile(Good, name);
        Assert.Equal([new("good film", "positive"), new("bad film", "negative")], DataReader.Read(file.Path, new()).Rows);
    }

    [Fact]
    public void Gzip_is_known_by_content_even_in_several_members()
    {
        using var file = new TempFile([.. TempFile.Gzip(Good), .. TempFile.Gzip(Good)], "plain.jsonl");
        Assert.Equal(4, DataReader.Read(file.Path, new()).Rows.Count);
    }

    [Theory]
    [InlineData("\uFEFF{\"text\":\"a b\",\"label\":\"x\"}\r\n\r\n{\"text\":\"c\",\"label\":7}")]
    [InlineData("\uFEFFtext,label\r\na b,x\r\nc,7\r\n")]
    [InlineData("\n\nid,text,label\n1,\"a b\",x\n\n2,c,\"7\"")]
    [InlineData("label\ttext\nx\ta b\n7\tc\n")]
    [InlineData("label;text\nx;a b\n7;c\n")]
    public void Byte_order_marks_line_ends_blank_lines_and_separators_make_no_difference(string content)
    {
        using var file = new TempFile(content);
        Assert.Equal([new("a b", "x"), new("c", "7")], DataReader.Read(file.Path, new()).Rows);
    }

    [Fact]
    public void Csv_quotes_hold_commas_quotes_and_line_breaks()
    {
        using var file = new TempFile("text,label\n\"one, \"\"two\"\"\nthree\",x\nplain,y\n");
        Assert.Equal([new("one, \"two\"\nthree", "x"), new("plain", "y")], DataReader.Read(file.Path, new()).Rows);
    }

    [Theory]
    [InlineData("sentence,intent,user\nhello,greet,u1\n")]
    [InlineData("{\"sentence\":\"hello\",\"intent\":\"greet\",\"user\":\"u1\"}")]
    public void Columns_can_be_named_and_the_group_is_kept(string content)
    {
        using var file = new TempFile(content);
        var data = DataReader.Read(file.Path, new() { TextColumn = "sentence", LabelColumn = "intent", GroupColumn = "user" });
        Assert.Equal([new("hello", "greet", "u1")], data.Rows);
    }

    [Fact]
    public void Csv_without_the_column_names_its_columns_and_the_option()
    {
        using var file = new TempFile("sentence,label\nhello,greet\n");
        var message = Refuse(file);
        Assert.Contains("no column \"text\"", message, StringComparison.Ordinal);
        Assert.Contains("\"sentence\", \"label\"", message, StringComparison.Ordinal);
        Assert.Contains("--text-column", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"text\":\"a\"}", "no \"label\" (its keys: text; --label-column names another)")]
    [InlineData("{\"text\":5,\"label\":\"x\"}", "\"text\" is a number; it must be a string")]
    [InlineData("{\"text\":\"a\",\"label\":null}", "\"label\" is null; it must be a string or a number")]
    [InlineData("{\"text\":\"a\",\"label\":[1]}", "\"label\" is an array")]
    [InlineData("{\"text\":\" \",\"label\":\"x\"}", "\"text\" is empty")]
    [InlineData("{\"text\":\"a\",\"label\":\"\"}", "\"label\" is empty")]
    [InlineData("{\"text\":\"a\",\"text\":\"b\",\"label\":\"x\"}", "not a JSON object")]
    [InlineData("{\"text\":\"a\",\"label\":\"x\"", "not a JSON object")]
    [InlineData("{\"text\":\"a\",\"label\":\"x\"} trailing", "not a JSON object")]
    [InlineData("[\"a\",\"x\"]", "an array, not an object")]
    [InlineData("{\"text\":\"\\ud83d\",\"label\":\"x\"}", "holds half of a surrogate pair")]
    [InlineData("{\"\\ud83d\":\"a\"}", "")]
    [InlineData("{\"text\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}", "not a JSON object")]
    public void Bad_json_row_is_refused_with_its_line_or_skipped(string row, string reason)
    {
        using var file = new TempFile(Good + row + "\n" + Good);
        var message = Refuse(file);
        Assert.Contains("has 1 bad row of 5", message, StringComparison.Ordinal);
        Assert.Contains("--skip-bad-rows", message, StringComparison.Ordinal);
        Assert.Contains("line 3: " + reason, message, StringComparison.Ordinal);

        var data = DataReader.Read(file.Path, new() { SkipBadRows = true });
        Assert.Equal((4, 1), (data.Rows.Count, data.SkippedCount));
        Assert.Equal(3, Assert.Single(data.Skipped).Line);
    }

    [Theory]
    [InlineData("a \"b\" c,x\n", "a quote inside an unquoted field")]
    [InlineData("\"a\" b,x\n", "text after a closing quote")]
    [InlineData("a,x,more\n", "not as many fields")]
    [InlineData("a\n", "not as many fields")]
    [InlineData(",x\n", "\"text\" is empty")]
    [InlineData("a,\n", "\"label\" is empty")]
    public void Bad_csv_row_is_refused_with_its_line_or_skipped(string row, string reason)
    {
        using var file = new TempFile("text,label\n\"two\nlines\",x\n" + row + "last,y\n");
        Assert.Contains("line 4: " + reason, Refuse(file), StringComparison.Ordinal);
        var data = DataReader.Read(file.Path, new() { SkipBadRows = true });
        Assert.Equal([new("two\nlines", "x"), new("last", "y")], data.Rows);
        Assert.Equal(1, data.SkippedCount);
    }

    [Theory]
    [InlineData("text,label\nok,x\n", "\xE9t\xE9,y\n")]
    [InlineData("{\"text\":\"ok\",\"label\":\"x\"}\n\n", "{\"text\":\"\xE9\",\"label\":\"y\"}\n")]
    public void Bytes_that_are_not_utf8_make_a_bad_row(string before, string latin1)
    {
        using var file = new TempFile([.. Encoding.UTF8.GetBytes(before), .. Encoding.Latin1.GetBytes(latin1)]);
        Assert.Contains("line 3: not UTF-8", Refuse(file), StringComparison.Ordinal);
        Assert.Single(DataReader.Read(file.Path, new() { SkipBadRows = true }).Rows);
    }

    [Fact]
    public void Unclosed_csv_quote_is_never_skipped()
    {
        using var file = new TempFile("text,label\nok,x\n\"never closed,y\nlost,z\n");
        Assert.Contains("line 3: a quote opens", Refuse(file, new() { SkipBadRows = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_rows_beyond_the_shown_are_counted()
    {
        using var file = new TempFile("{}\n" + string.Concat(Enumerable.Repeat("{\"text\":1}\n", 30)) + Good);
        var message = Refuse(file);
        Assert.Contains("31 bad rows of 33", message, StringComparison.Ordinal);
        Assert.Contains("and 11 more", message, StringComparison.Ordinal);
        var data = DataReader.Read(file.Path, new() { SkipBadRows = true });
        Assert.Equal((20, 31), (data.Skipped.Count, data.SkippedCount));
    }

    [Fact]
    public void Excerpt_cannot_steer_a_terminal()
    {
        using var file = new TempFile("{\"text\": \u001b[2J\u202e");
        Assert.DoesNotContain(Refuse(file).Split(": ")[^1], c => c is '\u001b' or '\u202e');
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n \r\n\t\n", "nothing but blank lines")]
    [InlineData("text,label\n", "has no usable row")]
    [InlineData("[{\"text\":\"a\",\"label\":\"x\"}]", "one JSON array")]
    [InlineData("text,text,label\na,b,x\n", "two columns named \"text\"")]
    [InlineData("\"text,label\na,x", "never closed")]
    [InlineData("PK\u0003\u0004rest of it", "zip archive")]
    [InlineData("PAR1............", "Parquet")]
    public void Unusable_file_is_named_for_what_it_is(string content, string reason)
    {
        using var file = new TempFile(content);
        var message = Refuse(file, new() { SkipBadRows = true });
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains(file.Path, message, StringComparison.Ordinal);
        using var packed = new TempFile(TempFile.Gzip(content));
        Assert.ThrowsAny<DataException>(() => DataReader.Read(packed.Path, new() { SkipBadRows = true }));
    }

    [Fact]
    public void Utf16_is_named_with_the_remedy()
    {
        using var file = new TempFile([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Good)]);
        Assert.Contains("iconv", Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_file_and_folder_are_named()
    {
        var missing = Path.Combine(AppContext.BaseDirectory, "no-such-file.jsonl");
        Assert.Contains("does not exist", Assert.Throws<DataException>(() => DataReader.Read(missing, new())).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<DataException>(() => DataReader.Read(AppContext.BaseDirectory, new())).Message, StringComparison.Ordinal);
    }

    private static string Refuse(TempFile file, DataReadOptions? options = null) =>
        Assert.Throws<DataException>(() => DataReader.Read(file.Path, options ?? new())).Message;
}
