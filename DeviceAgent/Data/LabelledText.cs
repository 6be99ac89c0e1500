namespace FwdLLM.DeviceAgent.Data;

/// <summary>A text and its class.</summary>
/// <param name="Text">The text; never blank.</param>
/// <param name="Label">The label as written in the file; never blank.</param>
/// <param name="Group">Value of the column named by <see cref="DataReadOptions.GroupColumn"/>, or null when none was named.</param>
public sealed record LabelledText(string Text, string Label, string? Group = null) : IDataRow;
