namespace FwdLLM.Inference;

/// <summary>
/// The scalar loss of a batch from its features, on the host and in double precision.
/// </summary>
/// <param name="features">[f, H]: see <see cref="IModelRuntime"/>.</param>
/// <param name="direction">Index of the direction that θ was moved along, or −1 at θ itself: for losses whose head moves along.</param>
/// <param name="step">How far: +ε, −ε or 0.</param>
public delegate double HostLoss(float[] features, int direction, double step);
