namespace FwdLLM.DeviceAgent.Data;

/// <summary>A row that could not be used.</summary>
/// <param name="Line">Line of the file on which the row starts, from 1.</param>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="Excerpt">Its first characters, printable.</param>
public sealed record BadRow(int Line, string Reason, string Excerpt);
