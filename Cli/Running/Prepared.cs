using System.Diagnostics;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Silo;

namespace FwdLLM.Cli.Running;

/// <summary>A run with its data read and its model compiled.</summary>
/// <param name="Settings">Settings.</param>
/// <param name="Data">Rows and shards.</param>
/// <param name="Spec">The job.</param>
/// <param name="Model">Compiled model.</param>
/// <param name="Workers">The devices' computations.</param>
/// <param name="Evaluator">Held-out evaluation.</param>
/// <param name="Watch">Running since the start.</param>
internal sealed record Prepared(RunSettings Settings, RunData Data, JobSpec Spec, CompiledModel Model, ShardWorkerFactory Workers, HeldOutEvaluator Evaluator, Stopwatch Watch);
