using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

public sealed class ChatTemplateTests
{
    private const string Plain = """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""";

    [Fact]
    public void Line_breaks_round_blocks_and_escaped_line_feeds_mean_nothing()
    {
        var lines = Plain.Replace("%}", "%}\n  ", StringComparison.Ordinal).Replace("\n  {{", "\n{{", StringComparison.Ordinal).TrimEnd();
        foreach (var template in new[] { Plain, Plain.Replace("\\n", "\n", StringComparison.Ordinal), lines })
            Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", ChatTemplate.Parse(template, "test").Render([new("user", "Hi")], addGenerationPrompt: true));
    }

    [Fact]
    public void Without_messages_there_is_no_default_system_message()
    {
        var template = ChatTemplate.Parse(Plain.Replace("{% for message in messages %}", "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}{% endif %}", StringComparison.Ordinal), "test");
        Assert.Equal("", template.Render([], addGenerationPrompt: false));
        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n", template.Render([new("user", "Hi")], addGenerationPrompt: false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{{ bos_token }}{% for message in messages %}[INST] {{ message['content'] }} [/INST]{% endfor %}")]
    [InlineData("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")]
    public void Other_templates_are_refused(string template)
    {
        var error = Assert.Throws<CheckpointException>(() => ChatTemplate.Parse(template, "model.gguf"));
        Assert.Contains("model.gguf", error.Message, StringComparison.Ordinal);
        Assert.Contains("ChatML", error.Message, StringComparison.Ordinal);
    }
}
