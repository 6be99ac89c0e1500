using FwdLLM.DeviceAgent;

return await AgentProgram.RunAsync(args, AgentComposition.Create, TimeProvider.System, Random.Shared.NextDouble, Console.Out, Console.Error);
