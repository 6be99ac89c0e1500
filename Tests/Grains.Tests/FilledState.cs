using System.Reflection;
using System.Runtime.CompilerServices;

namespace FwdLLM.Tests.Grains;

/// <summary>An object every settable property of which, all the way down, has a value that is not its default, so that a field that is lost shows.</summary>
internal static class FilledState
{
    public static T Create<T>()
        where T : class
    {
        var next = 1;
        var state = (T)Value(typeof(T), ref next);
        typeof(T).GetProperty("Format")!.SetValue(state, 1);
        return state;
    }

    private static object Value(Type type, ref int next)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return $"text {next++}";
        if (type == typeof(bool))
            return true;
        if (type == typeof(byte[]))
            return new byte[] { (byte)next++, 0xff, 0 };
        if (type == typeof(TimeSpan))
            return TimeSpan.FromMilliseconds(next++);
        if (type == typeof(DateTimeOffset))
            return DateTimeOffset.UnixEpoch.AddSeconds(next++);
        if (type == typeof(DateTime))
            return DateTime.UnixEpoch.AddSeconds(next++);
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(1)!;
        if (type.IsPrimitive)
            return Convert.ChangeType(next++, type);
        if (type.IsArray)
            return Items(type.GetElementType()!, ref next);
        return type.IsGenericType ? Collection(type, ref next) : Filled(type, ref next);
    }

    private static object Collection(Type type, ref int next)
    {
        var arguments = type.GetGenericArguments();
        if (arguments.Length == 1)
        {
            var items = Items(arguments[0], ref next);
            return type.IsAssignableFrom(items.GetType()) ? items : Activator.CreateInstance(typeof(List<>).MakeGenericType(arguments), items)!;
        }

        var dictionary = (System.Collections.IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(arguments))!;
        dictionary.Add(Value(arguments[0], ref next), Value(arguments[1], ref next));
        return dictionary;
    }

    private static Array Items(Type type, ref int next)
    {
        var items = Array.CreateInstance(type, 2);
        for (var i = 0; i < items.Length; i++)
            items.SetValue(Value(type, ref next), i);
        return items;
    }

    private static object Filled(Type type, ref int next)
    {
        var filled = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
            property.SetValue(filled, Value(property.PropertyType, ref next));
        return filled;
    }
}
