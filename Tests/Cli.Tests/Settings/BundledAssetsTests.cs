using System.Text;
using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Tests;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class BundledAssetsTests
{
    private static readonly BundledAssets Committed = new(Path.Combine(TestPaths.Repository, "assets"));

    [Fact]
    public void Model_is_the_folder_of_the_weights_not_one_below_it()
    {
        using var run = new CliRun();
        run.Write("assets/models/small/1_Pooling/config.json", "{}");
        Assert.Equal(run.Path("assets/models/small"), new BundledAssets(run.Path("assets")).Model);
    }

    [Fact]
    public void Committed_model_opens_is_small_and_carries_its_licence()
    {
        var folder = Assert.IsType<string>(Committed.Model);
        using var checkpoint = Checkpoint.Open(folder);
        Assert.Equal(6, checkpoint.Config.Layers);
        Assert.InRange(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length), 1, 16_000_000);
        Assert.Contains("Apache License", File.ReadAllText(Path.Combine(folder, "LICENSE")), StringComparison.Ordinal);
        Assert.Contains("all-MiniLM-L6-v2", File.ReadAllText(Path.Combine(folder, "NOTICE")), StringComparison.Ordinal);
    }

    [Fact]
    public void Committed_model_spells_every_character_that_its_source_spells()
    {
        var source = WordPieceTokenizer.Load(TestPaths.RequireShared("models", "all-MiniLM-L6-v2"));
        var compact = WordPieceTokenizer.Load(Committed.Model!);
        var lost = Enumerable.Range(1, 0xFFFF).Where(Rune.IsValid).Select(value => new Rune(value).ToString())
            .SelectMany(character => new[] { character, "a" + character, character + "b" })
            .Where(text => Spells(source, text) && !Spells(compact, text));
        Assert.Empty(lost);
    }

    private static bool Spells(WordPieceTokenizer tokenizer, string text) =>
        !tokenizer.Encode(text, 16).Contains(tokenizer.Vocabulary.Find("[UNK]")!.Value);
}
