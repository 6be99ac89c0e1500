using System.CommandLine;
using FwdLLM.Cli.Settings;

namespace FwdLLM.Cli.Commands;

/// <summary>One command-line option for every <see cref="SettingKey"/>, taken as text so that all of them are checked together.</summary>
internal sealed class SettingOptions
{
    private readonly List<(SettingKey Key, Option Option)> _options = [];

    /// <param name="command">Command to add to.</param>
    /// <param name="names">The settings it takes; null for all.</param>
    public SettingOptions(Command command, IReadOnlyCollection<string>? names = null)
    {
        foreach (var key in SettingKey.All.Where(key => names is null || names.Contains(key.Name)))
        {
            Option option = key.Value is null
                ? new Option<bool>(key.Option) { Description = key.Help }
                : new Option<string>(key.Option) { Description = key.Help, HelpName = key.Value };
            command.Options.Add(option);
            _options.Add((key, option));
        }
    }

    /// <summary>Adds what the command line gives to <paramref name="settings"/>; it wins over what is there.</summary>
    public void ReadInto(RawSettings settings, ParseResult parsed)
    {
        foreach (var (key, option) in _options)
        {
            if (parsed.GetResult(option) is not { Implicit: false })
                continue;
            var text = option is Option<bool> flag ? (parsed.GetValue(flag) ? "true" : "false") : parsed.GetValue((Option<string>)option) ?? "";
            settings[key.Name] = new RawValue(text, key.Option);
        }
    }
}
