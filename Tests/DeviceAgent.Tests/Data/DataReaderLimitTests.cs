using System.Text;
using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class DataReaderLimitTests
{
    [Fact]
    public void Long_json_line_is_a_bad_row_and_the_next_is_read()
    {
        using var file = new TempFile($"{Row(new string('a', 5000))}\r\n{Row("short")}\r\n");
        var options = new DataReadOptions { MaxLineBytes = 1000, SkipBadRows = true };
        var data = DataReader.Read(file.Path, options);
        Assert.Equal("short", Assert.Single(data.Rows).Text);
        Assert.Contains("longer than 1,000 bytes", Assert.Single(data.Skipped).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(5000)]
    public void Long_csv_row_is_refused(int length)
    {
        using var file = new TempFile($"text,label\n{new string('a', length)},x\n");
        var message = Assert.Throws<DataException>(() => DataReader.Read(file.Path, new() { MaxLineBytes = 1000, SkipBadRows = true })).Message;
        Assert.Contains("longer than 1,000 bytes", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_of_exactly_the_limit_is_read()
    {
        var row = Row("exact");
        using var file = new TempFile($"{row}\n{row}x\n");
        var data = DataReader.Read(file.Path, new() { MaxLineBytes = row.Length, SkipBadRows = true });
        Assert.Single(data.Rows);
        Assert.Equal(2, Assert.Single(data.Skipped).Line);
    }

    [Theory]
    [InlineData("{\"text\":\"a\",\"label\":\"x\"}\n")]
    [InlineData("{}\n")]
    public void Rows_beyond_the_limit_are_refused_good_or_bad(string row)
    {
        using var file = new TempFile(string.Concat(Enumerable.Repeat(row, 11)));
        Assert.Contains("more than 10 rows", Assert.Throws<DataException>(() => DataReader.Read(file.Path, new() { MaxRows = 10, SkipBadRows = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gzip_bomb_is_stopped_at_the_byte_limit()
    {
        using var file = new TempFile(TempFile.Gzip([.. Encoding.UTF8.GetBytes(Row("a") + "\n"), .. Enumerable.Repeat((byte)'\n', 20_000_000)]));
        Assert.Contains("more than 1,000,000 bytes", Assert.Throws<DataException>(() => DataReader.Read(file.Path, new() { MaxBytes = 1_000_000 })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-20)]
    [InlineData(-4)]
    public void Gzip_cut_short_is_damaged(int end)
    {
        var packed = TempFile.Gzip(string.Concat(Enumerable.Range(0, 1000).Select(i => Row($"text {i * 7919}") + "\n")));
        using var file = new TempFile(packed[..^-end]);
        Assert.Throws<DataException>(() => DataReader.Read(file.Path, new() { SkipBadRows = true }));
    }

    [Fact]
    public void Gzip_with_a_flipped_bit_is_damaged()
    {
        var packed = TempFile.Gzip(string.Concat(Enumerable.Range(0, 1000).Select(i => Row($"text {i * 7919}") + "\n")));
        packed[packed.Length / 2] ^= 0x10;
        using var file = new TempFile(packed);
        Assert.Throws<DataException>(() => DataReader.Read(file.Path, new() { SkipBadRows = true }));
    }

    private static string Row(string text) => $"{{\"text\":\"{text}\",\"label\":\"x\"}}";
}
