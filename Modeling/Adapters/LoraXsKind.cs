using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Adapters;

/// <summary>LoRA-XS (arXiv 2405.17604): see <see cref="LoraXsAddition"/>. It is saved as the LoRA it equals, so no saved adapter is of this kind.</summary>
internal sealed class LoraXsKind : AdapterKind
{
    public override string Name => AdapterKinds.LoraXs;

    public override Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights) =>
        new AdditiveAdapter(spec, places, (place, firstBlock) => new LoraXsAddition(place.Module, spec.Rank, place.In, place.Out, firstBlock, weights is null
            ? null
            // Once per plan: a model that is compiled in several precisions is decomposed once.
            : new Lazy<TruncatedSvd>(() => TruncatedSvd.Of(weights.ReadFloat32(place.Module + ".weight"), place.Out, place.In, spec.Rank))));
}
