namespace FwdLLM.Modeling.Tokenization;

/// <summary>A token that is found as it stands anywhere in a text, before the model sees the rest.</summary>
/// <param name="Text">What to find.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Left out when decoding without special tokens.</param>
/// <param name="TakesLeft">White space before it belongs to it.</param>
/// <param name="TakesRight">White space after it belongs to it.</param>
internal sealed record AddedToken(string Text, int Id, bool Special, bool TakesLeft = false, bool TakesRight = false);
