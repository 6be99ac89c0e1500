using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class TaskSettingsTests
{
    [Fact]
    public async Task Question_answering_has_its_own_defaults()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--task", "qa", "--train", cli.Path("assets/data/train.jsonl"), "--test", cli.Path("assets/data/test.jsonl"), "--out", cli.Path("out")));
        Assert.Equal((TaskKind.QuestionAnswering, 384, 128), (executor.Asked!.Task, executor.Asked.MaxTokens, executor.Asked.Stride));
        Assert.Equal(new AlgorithmOptions { CentredResiduals = false, HeadRidge = 0.006 }, executor.Asked.Algorithm);
    }

    [Fact]
    public async Task Prompt_classification_takes_template_and_words_from_a_job_file()
    {
        using var cli = new CliRun();
        cli.Write("job.yaml", "task: prompt\nprompt_template: \"{text} It was\"\nverbalizers: yes=good,no=bad\n");
        var executor = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--job", cli.Path("job.yaml"), "--out", cli.Path("out")));
        Assert.Equal("{text} It was", executor.Asked!.PromptTemplate);
        Assert.Equal([new("no", "bad"), new("yes", "good")], executor.Asked.Verbalizers);
        Assert.False(executor.Asked.Algorithm.HeadFirst);
    }

    [Theory]
    [InlineData("qa", "--stride", "400", "a window has only 384 tokens")]
    [InlineData("qa", "--verbalizers", "a=b,c=d", "only the task prompt has it")]
    [InlineData("classification", "--stride", "3", "only the task qa has it")]
    [InlineData("qas", "--seed", "1", "did you mean qa?")]
    [InlineData("prompt", "--prompt-template", "no place", "which has {text} 0 times")]
    [InlineData("prompt", "--verbalizers", "a=b,c", "\"c\" is not label=word")]
    [InlineData("prompt", "--verbalizers", "a=b,a=c", "the label \"a\" stands twice")]
    [InlineData("prompt", "--seed", "1", "needs a prompt")]
    public async Task Options_that_do_not_fit_the_task_are_named(string task, string option, string value, string message)
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--task", task, option, value, "--train", cli.Path("assets/data/train.jsonl"), "--test", cli.Path("assets/data/test.jsonl"), "--out", cli.Path("out")));
        Assert.Contains(message, cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recipe_parts_that_a_task_does_not_have_are_refused()
    {
        using var cli = new CliRun();
        cli.Write("job.yaml", "task: causal-lm\ntrain: assets/data/train.jsonl\ntest: assets/data/test.jsonl\nalgorithm_options:\n  centred_residuals: true\n  head_first: true\n");
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--job", cli.Path("job.yaml"), "--out", cli.Path("out")));
        Assert.Contains("centred_residuals is on", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("head_first is on", cli.Error.ToString(), StringComparison.Ordinal);
    }
}
