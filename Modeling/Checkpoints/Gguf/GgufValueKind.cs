namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Kinds of metadata values, numbered as in the file.</summary>
public enum GgufValueKind
{
    /// <summary>Unsigned 8-bit integer, a <see cref="byte"/>.</summary>
    UInt8 = 0,

    /// <summary>Signed 8-bit integer, an <see cref="sbyte"/>.</summary>
    Int8 = 1,

    /// <summary>Unsigned 16-bit integer, a <see cref="ushort"/>.</summary>
    UInt16 = 2,

    /// <summary>Signed 16-bit integer, a <see cref="short"/>.</summary>
    Int16 = 3,

    /// <summary>Unsigned 32-bit integer, a <see cref="uint"/>.</summary>
    UInt32 = 4,

    /// <summary>Signed 32-bit integer, an <see cref="int"/>.</summary>
    Int32 = 5,

    /// <summary>IEEE single precision, a <see cref="float"/>.</summary>
    Float32 = 6,

    /// <summary>One byte, 0 or 1, a <see cref="bool"/>.</summary>
    Bool = 7,

    /// <summary>UTF-8 text, a <see cref="string"/>.</summary>
    String = 8,

    /// <summary>Values of one kind, in an array of that kind's type; an array of arrays is a <see cref="GgufValue"/> array.</summary>
    Array = 9,

    /// <summary>Unsigned 64-bit integer, a <see cref="ulong"/>.</summary>
    UInt64 = 10,

    /// <summary>Signed 64-bit integer, a <see cref="long"/>.</summary>
    Int64 = 11,

    /// <summary>IEEE double precision, a <see cref="double"/>.</summary>
    Float64 = 12,
}
