namespace FwdLLM.Modeling.Architectures;

/// <summary>What a tensor of a checkpoint is for, which decides how it is stored.</summary>
internal enum TensorRole
{
    /// <summary>Rows looked up by id or position.</summary>
    Table,

    /// <summary>Weight of a linear layer, [out, in].</summary>
    Linear,

    /// <summary>Bias, or gain of a norm.</summary>
    Vector,
}
