"""Edits for a call that got more or fewer arrays than it takes."""

from lamina import layers
from lamina.core import shapes, tree
from lamina.core.tensor import KerasTensor
from lamina.explain import words
from lamina.explain.failures.attempt import fresh, run_behind
from lamina.explain.failures.code import changed, code_of, name_in_program


def other_count(attempt, error):
    """Yield candidates (code, place, why, trial) that merge arrays, leave some out, or add what is missing."""
    failing = attempt.failing
    if failing is None:
        return
    inputs, wanted = failing.inputs, getattr(failing.layer, "inputs", None) or [None]
    yield from _without_states(attempt)
    names = [name_in_program(error, x) for x in inputs]
    written = f"[{', '.join(names)}]"
    if len(wanted) == 1 < len(inputs):
        for merge in (layers.Concatenate(), layers.Add()):
            code = f"{code_of(merge)}({written})"
            why = words.mend("merge", failing.layer.name, len(inputs))
            yield code, f"in place of {written}", why, lambda merge=merge: _on(attempt, [_merged(merge, inputs)])
    elif len(wanted) < len(inputs):
        kept = f"[{', '.join(names[: len(wanted)])}]"
        why = words.mend("too many", len(wanted))
        yield kept, f"in place of {written}", why, lambda: _on(attempt, inputs[: len(wanted)])
    elif len(inputs) == 1 < len(wanted):
        name, x = names[0], inputs[0]
        rest = "".join(f", np.zeros((len({name}), {', '.join(map(str, t.shape[1:]))}))" for t in wanted[1:])
        why = words.mend("too few", [t.name for t in wanted])
        added = [KerasTensor((x.shape[0], *t.shape[1:]), t.dtype) for t in wanted[1:]]
        yield f"{name} = [{name}{rest}]", "before it is used", why, lambda: _on(attempt, [x, *added])


def _without_states(attempt):
    """Let the recurrent layer that made all the arrays keep its states for itself."""
    ids = {id(x) for x in attempt.failing.inputs}
    made = (call for call in attempt.ran[::-1] if len(ids) > 1 and {id(y) for y in call.outputs} == ids)
    call = next(made, None)
    if call is None or not getattr(call.layer, "return_state", False):
        return
    quiet = changed(call.layer, return_state=False)
    args, kwargs = call.with_arrays(call.inputs)
    code, place = code_of(quiet) + "," * attempt.is_stack, f"in place of {call.layer.name}"
    why = words.mend("states", call.layer.name)
    yield code, place, why, lambda: _on(attempt, [shapes.infer(quiet, *args, **kwargs)])


def _merged(merge, tensors):
    return shapes.infer(lambda *arrays: merge(list(arrays)), *tensors)


def _on(attempt, tensors):
    """Run the failing call on other tensors in place of all of its own, and what comes behind."""
    layer = attempt.failing.layer if attempt.was_built else fresh(attempt.failing.layer)
    given = tensors[0] if len(tensors) == 1 else list(tensors)
    return run_behind(attempt, tree.flatten(shapes.infer(layer, given)))
