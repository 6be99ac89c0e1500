using System.Text;
using System.Text.RegularExpressions;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Writes conversations as the models of the ChatML family expect them: &lt;|im_start|&gt;role, line feed, content, &lt;|im_end|&gt;, line feed.
/// The model's Jinja template is recognised, not run: one that would render anything else is refused.
/// </summary>
public sealed partial class ChatTemplate
{
    private readonly string? _defaultSystem;

    private ChatTemplate(string? defaultSystem) => _defaultSystem = defaultSystem;

    /// <summary>Recognises a template of the family: with or without a system message for conversations that bring none.</summary>
    /// <param name="template">chat_template of tokenizer_config.json, or tokenizer.chat_template of a GGUF file.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="CheckpointException">It is another template.</exception>
    public static ChatTemplate Parse(string template, string source)
    {
        var match = Family().Match(Tidy(template));
        if (match.Success)
            return new ChatTemplate(match.Groups["system"] is { Success: true } system ? system.Value : null);
        const int shown = 120;
        throw new CheckpointException($"{source} has a chat template that is not of the ChatML family: {(template.Length > shown ? template[..shown] + "..." : template)} Only templates that write <|im_start|>role, content and <|im_end|> in turn are supported; choose another model, or train on plain text.");
    }

    /// <summary>The conversation as text, to be encoded without further special tokens.</summary>
    /// <param name="messages">In order.</param>
    /// <param name="addGenerationPrompt">End with the start of the assistant's turn.</param>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        var text = new StringBuilder();
        if (_defaultSystem is not null && messages.Count > 0 && messages[0].Role != "system")
            Append("system", _defaultSystem);
        foreach (var message in messages)
            Append(message.Role, message.Content);
        if (addGenerationPrompt)
            text.Append("<|im_start|>assistant\n");
        return text.ToString();

        void Append(string role, string content) => text.Append("<|im_start|>").Append(role).Append('\n').Append(content).Append("<|im_end|>\n");
    }

    /// <summary>As Jinja reads it with trim_blocks and lstrip_blocks: no white space round blocks at the ends of lines, and \n in strings is a line feed.</summary>
    private static string Tidy(string template)
    {
        var text = LineFeedAfterBlock().Replace(BlankBeforeBlock().Replace(template.ReplaceLineEndings("\n"), "{%"), "%}");
        return text.Replace("\\n", "\n", StringComparison.Ordinal).TrimEnd('\n');
    }

    [GeneratedRegex(@"%\}\n", RegexOptions.CultureInvariant)]
    private static partial Regex LineFeedAfterBlock();

    [GeneratedRegex(@"^[ \t]+\{%", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex BlankBeforeBlock();

    // A default system message may hold neither quotes nor backslashes, so that no escape can hide in it.
    [GeneratedRegex("""
        \A
        (\{%\ ?if\ not\ add_generation_prompt\ is\ defined\ ?%\}\{%\ ?set\ add_generation_prompt\ =\ false\ ?%\}\{%\ ?endif\ ?%\})?
        \{%\ ?for\ message\ in\ messages\ ?%\}
        (\{%\ ?if\ loop\.first\ and\ messages\[0\]\['role'\]\ !=\ 'system'\ ?%\}
            \{\{\ ?'<\|im_start\|>system\n(?<system>[^'\\]*?)<\|im_end\|>\n'\ ?\}\}
        \{%\ ?endif\ ?%\})?
        \{\{\ ?'<\|im_start\|>'\ \+\ message\['role'\]\ \+\ '\n'\ \+\ message\['content'\]\ \+\ '<\|im_end\|>'\ \+\ '\n'\ ?\}\}
        \{%\ ?endfor\ ?%\}
        \{%\ ?if\ add_generation_prompt\ ?%\}\{\{\ ?'<\|im_start\|>assistant\n'\ ?\}\}\{%\ ?endif\ ?%\}
        \z
        """, RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Family();
}
