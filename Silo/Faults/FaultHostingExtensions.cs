using FwdLLM.Grains;
using Orleans.Storage;

namespace FwdLLM.Silo.Faults;

/// <summary>Switches the test equipment on.</summary>
internal static class FaultHostingExtensions
{
    /// <summary>Lets the planned faults happen. After the storage was added: it is wrapped.</summary>
    public static void AddFaults(this IServiceCollection services, string plan, string? folder)
    {
        var planned = PlannedFault.Parse(plan);
        services.AddSingleton(new StorageFaults(TimeProvider.System));
        services.AddSingleton<IFaultPoints>(provider => new FaultInjector(
            planned, folder, provider.GetRequiredService<StorageFaults>(), TimeProvider.System, provider.GetRequiredService<ILogger<FaultInjector>>()));

        var storage = services.Last(service => service.IsKeyedService && service.ServiceType == typeof(IGrainStorage) && GrainsServices.Storage.Equals(service.ServiceKey));
        services.Remove(storage);
        services.AddKeyedSingleton<IGrainStorage>(GrainsServices.Storage, (provider, key) => new FaultyGrainStorage(
            (IGrainStorage)storage.KeyedImplementationFactory!(provider, key), provider.GetRequiredService<StorageFaults>()));
    }
}
