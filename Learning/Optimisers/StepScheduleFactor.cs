using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Optimisers;

/// <summary>How much of the full step is left at some point of a job.</summary>
public static class StepScheduleFactor
{
    /// <summary>1 for a constant schedule, (1 + cos πt)/2 for cosine, 1 − t for linear.</summary>
    /// <param name="schedule">Schedule.</param>
    /// <param name="progress">t, clamped to [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">An unknown schedule, or a progress that is not a number.</exception>
    public static double At(StepSchedule schedule, double progress)
    {
        if (double.IsNaN(progress)) throw new ArgumentOutOfRangeException(nameof(progress), progress, "Progress must be a number from 0 to 1.");
        var t = Math.Clamp(progress, 0, 1);
        return schedule switch
        {
            StepSchedule.Constant => 1,
            StepSchedule.Cosine => (1 + Math.Cos(Math.PI * t)) / 2,
            StepSchedule.Linear => 1 - t,
            _ => throw new ArgumentOutOfRangeException(nameof(schedule), schedule, "This schedule is not known."),
        };
    }
}
