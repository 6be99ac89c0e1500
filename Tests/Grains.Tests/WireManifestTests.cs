using System.Reflection;
using System.Text;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Grains;

/// <summary>
/// Silos of two versions, devices of old ones and stored state share these types: a field may be added, none may go, change its
/// number or its type. The manifest of methods is OrleansContracts.txt; this one is of fields.
/// </summary>
public sealed class WireManifestTests
{
    private const string Rewrite = "FWDLLM_WRITE_WIRE_MANIFEST";

    private static string Path => System.IO.Path.Combine(TestPaths.Repository, "Grains.Interfaces", "WireManifest.txt");

    [Fact]
    public void Fields_on_the_wire_and_in_storage_are_those_of_the_manifest()
    {
        var present = Types().Select(Describe).ToList();
        if (Environment.GetEnvironmentVariable(Rewrite) == "1") File.WriteAllText(Path, string.Join('\n', present));
        var agreed = File.ReadAllText(Path).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SelectMany(Lines).ToList();
        var lines = present.SelectMany(Lines).ToList();

        var gone = agreed.Except(lines).ToList();
        Assert.True(gone.Count == 0, $"These fields are gone, renumbered or of another type; silos and agents of the last version would misread them:\n{string.Join('\n', gone)}");
        var added = lines.Except(agreed).ToList();
        Assert.True(added.Count == 0, $"These fields are new. See that a peer without them is still understood, then record them ({Rewrite}=1 rewrites the manifest):\n{string.Join('\n', added)}");
    }

    [Fact]
    public void Aliases_are_used_once() =>
        Assert.Empty(Types().GroupBy(Alias).Where(group => group.Count() > 1).Select(group => group.Key));

    private static IEnumerable<Type> Types() =>
        new[] { typeof(IDeviceGrain).Assembly, typeof(DeviceState).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null)
            .OrderBy(Alias, StringComparer.Ordinal);

    private static string Alias(Type type) => type.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{type.FullName} has no alias";

    private static string Describe(Type type)
    {
        var text = new StringBuilder().Append(Alias(type)).Append(type.IsEnum ? " enum\n" : "\n");
        var members = type.IsEnum
            ? Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(value => (Id: Convert.ToUInt32(value, null), Is: Enum.GetName(type, value)!))
            : type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(member => member.GetCustomAttribute<IdAttribute>() is not null)
                .Select(member => (Id: member.GetCustomAttribute<IdAttribute>()!.Id, Is: $"{TypeOf(member)} {member.Name}"));
        foreach (var (id, field) in members.OrderBy(member => member.Id)) text.Append($"  {id} {field}\n");
        return text.ToString();
    }

    private static string TypeOf(MemberInfo member) => Name(member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType);

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;

    /// <summary>Each field with its type's alias, so that a line names what it belongs to.</summary>
    private static IEnumerable<string> Lines(string block)
    {
        var lines = block.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Skip(1).Select(line => $"{lines[0]}:{line}").Prepend(lines[0]);
    }
}
