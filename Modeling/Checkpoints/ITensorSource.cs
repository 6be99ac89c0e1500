namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Named float tensors, wherever they come from.</summary>
public interface ITensorSource
{
    /// <summary>Whether there is a tensor of this name.</summary>
    bool Contains(string name);

    /// <summary>Shape of a tensor, outermost first.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    IReadOnlyList<int> Shape(string name);

    /// <summary>All elements, row-major, in 32-bit floats.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it holds no numbers that become floats.</exception>
    float[] ReadFloat32(string name);
}
