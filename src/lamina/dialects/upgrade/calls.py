"""Calls and attributes of other times as they are written today, by the tables of old spellings."""

import ast

import libcst as cst

from lamina.dialects import old_arguments, paths
from lamina.dialects.old_names import backend as old_backend
from lamina.dialects.old_names import layers as old_layers
from lamina.dialects.source_text import ByHandError, Text, written
from lamina.dialects.upgrade.names import dotted

_TABLE = {path.partition(":")[2]: rows for path, rows in old_arguments.table().items()}
_RENAMED_METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_proba": "predict",
}
_PLACES = {
    "fit_generator": (
        [
            "generator",
            "steps_per_epoch",
            "epochs",
            "verbose",
            "callbacks",
            "validation_data",
            "validation_steps",
            "class_weight",
        ]
    ),
    "evaluate_generator": ("generator", "steps"),
    "predict_generator": ("generator", "steps"),
}
"""What the places of arguments meant; those of today's methods mean something else."""

BY_HAND = {
    "Merge": "a merging layer on the outputs, keras.layers.Add()([a.output, b.output]), and a "
    "keras.Model([a.input, b.input], …) around it",
    "Highway": "g * keras.layers.Dense(n, activation)(x) + (1 - g) * x, "
    'with g = keras.layers.Dense(n, "sigmoid", bias_initializer=keras.initializers.Constant(-2))(x)',
    "LocallyConnected1D": "keras.layers.Conv1D, or ops on the windows of keras.ops.image.extract_patches",
    "LocallyConnected2D": "keras.layers.Conv2D, or ops on the windows of keras.ops.image.extract_patches",
    "RandomHeight": "keras.layers.RandomZoom(height_factor, 0.0)",
    "RandomWidth": "keras.layers.RandomZoom(0.0, width_factor)",
    "multi_gpu_model": "the model itself, after keras.distribution.set_distribution(keras.distribution.DataParallel())",
    "MaxoutDense": "keras.layers.GlobalMaxPooling1D()(keras.layers.Reshape((k, n))(keras.layers.Dense(k * n)(x)))",
}
"""Layers and functions that are no more, and what stands for them."""

_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum"}


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


class Calls:
    """Rewrites calls, attributes and subscripts."""

    def __init__(self, names):
        self.names = names
        self.needs_keras = False
        self.keeps_acc = any(word in names.module.code for word in ('"acc"]', "'acc']", '["acc"', "['acc'")) and any(
            word in names.module.code for word in ("metrics=['acc'", 'metrics=["acc"')
        )

    def call(self, original, updated, note):
        """Return the call as it is written today."""
        path = self.names.path(original.func)
        if path is not None:
            return self._keras_call(path, original, updated, note)
        if isinstance(updated.func, cst.Attribute):
            return self._method(updated, note)
        return updated

    def attribute(self, original, updated, note):
        """Return `K.sum` as `keras.ops.sum`, `optimizer.lr` as `optimizer.learning_rate`."""
        path = self.names.path(original)
        name = updated.attr.value
        if path is not None and path.startswith("keras.backend."):
            return self._backend_name(name, updated, note)
        if path == "keras" and isinstance(original.value, cst.Name):
            note(_code(original), "keras")
            self.needs_keras = True
            return cst.Name("keras")
        if name == "lr" and (dotted(updated.value) or "").endswith("optimizer"):
            note("optimizer.lr", "optimizer.learning_rate")
            return updated.with_changes(attr=cst.Name("learning_rate"))
        return updated

    def subscript(self, original, updated, note):
        """Return `history['acc']` as `history['accuracy']`."""
        if self.keeps_acc or not isinstance(updated.value, cst.Attribute) or updated.value.attr.value != "history":
            return updated
        index = updated.slice[0].slice
        key = _literal(index.value) if isinstance(index, cst.Index) else None
        if key not in ("acc", "val_acc"):
            return updated
        modern = key.replace("acc", "accuracy")
        note(f"history[{key!r}]", f"history[{modern!r}]")
        text = index.value.value.replace(key, modern)
        return updated.with_changes(slice=[updated.slice[0].with_changes(slice=cst.Index(cst.SimpleString(text)))])

    # --- calls of Keras's names --------------------------------------------------------------------------------

    def _keras_call(self, path, original, updated, note):
        module, _, name = path.rpartition(".")
        found = paths.look_up(module, name)
        if found is old_layers.merge:
            return self._merge(updated, note)
        if name in BY_HAND:
            note(f"{name}(…)", BY_HAND[name], done=False)
            return updated
        if module == "keras.backend" and name in old_backend.OTHER_AXIS and len(updated.args) == 1:
            axis = cst.Arg(cst.parse_expression(str(old_backend.OTHER_AXIS[name])), cst.Name("axis"), equal=_TIGHT)
            comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            return updated.with_changes(args=[updated.args[0].with_changes(comma=comma), axis])
        modern = getattr(found, "__name__", name)
        key = "Functional" if modern == "Model" else modern
        if found is old_layers.TimeDistributedDense:
            return self._time_distributed(updated, note)
        rows = _TABLE.get(key, ())
        args = [arg for arg in updated.args if arg.keyword is None and not arg.star]
        if modern == "Conv2D" and len(args) == 3 and all(isinstance(_literal(arg.value), int) for arg in args):
            keywords = {arg.keyword.value for arg in updated.args if arg.keyword is not None}
            if name == "Convolution2D" or {"border_mode", "subsample", "dim_ordering", "init"} & keywords:
                updated = self._three_numbers(updated, note)
        updated = self._keywords(modern, rows, updated, note)
        if name != modern and name in old_layers.__all__ and isinstance(updated.func, cst.Attribute):
            note(name, modern)
            return updated.with_changes(func=updated.func.with_changes(attr=cst.Name(modern)))
        return updated

    def _three_numbers(self, updated, note):
        first, rows, columns, *rest = updated.args
        size = f"({_code(rows.value)}, {_code(columns.value)})"
        note(f"Convolution2D({_code(first.value)}, {_code(rows.value)}, {_code(columns.value)})", f"kernel_size={size}")
        joined = rows.with_changes(value=cst.parse_expression(size), comma=columns.comma)
        return updated.with_changes(args=[first, joined, *rest])

    def _merge(self, updated, note):
        given = {arg.keyword.value: _literal(arg.value) for arg in updated.args if arg.keyword is not None}
        mode = given.get("mode", "sum")
        inputs = next((arg.value for arg in updated.args if arg.keyword is None), None)
        if inputs is None or not isinstance(mode, str) or mode in ("dot", "cos"):
            note("merge(…)", "a merging layer of keras.layers", done=False)
            return updated
        options = {"axis": given.get("concat_axis", -1)} if mode == "concat" else {}
        if given.get("name"):
            options["name"] = given["name"]
        layer = "Concatenate" if mode == "concat" else _MERGES.get(mode)
        words = ", ".join(f"{key}={value!r}" for key, value in options.items())
        note(f"merge(…, mode={mode!r})", f"keras.layers.{layer}({words})(…)")
        return self._new_call(f"keras.layers.{layer}({words})", inputs)

    def _time_distributed(self, updated, note):
        note("TimeDistributedDense(n)", "TimeDistributed(Dense(n))")
        dense = self._keywords("Dense", _TABLE["Dense"], updated, note)
        self.needs_keras = True
        return cst.Call(
            cst.parse_expression("keras.layers.TimeDistributed"),
            [cst.Arg(dense.with_changes(func=cst.parse_expression("keras.layers.Dense")))],
        )

    def _new_call(self, function, *args):
        self.needs_keras = True
        return cst.Call(cst.parse_expression(function), [cst.Arg(arg) for arg in args])

    def _backend_name(self, name, updated, note):
        if name not in old_backend.SAME_IN_OPS:
            if name not in old_backend.STILL_THERE:
                advice = old_backend.IN_OTHER_WORDS.get(name, "no more: lamina run still has it")
                note(f"K.{name}", advice, done=False)
            return updated
        modern = old_backend.SAME_IN_OPS[name] or name
        note(f"K.{name}", f"keras.ops.{modern}")
        self.needs_keras = True
        return cst.parse_expression(f"keras.ops.{modern}")

    # --- methods -----------------------------------------------------------------------------------------------

    def _method(self, updated, note):
        name = updated.func.attr.value
        modern = _RENAMED_METHODS.get(name, name)
        given = {arg.keyword.value for arg in updated.args if arg.keyword is not None}
        if name == "predict_classes":
            note("predict_classes(x)", 'predict(x).argmax(-1), or (predict(x) > 0.5).astype("int32")', done=False)
        second_counts_samples = "nb_epoch" in given and len(updated.args) > 1 and updated.args[1].keyword is None
        if name == "fit_generator" and (second_counts_samples or given & {"samples_per_epoch", "nb_val_samples"}):
            note("samples_per_epoch=", "steps_per_epoch=, samples over the batch size", done=False)
            return updated
        if name in ("evaluate_generator", "predict_generator") and "val_samples" in given:
            note("val_samples=", "steps=, samples over the batch size", done=False)
            return updated
        if name in ("add_weight", "add_variable"):
            updated = self._add_weight(name, updated, note)
            return self._keywords("layer.add_weight", _TABLE["Layer.add_weight"], updated, note)
        if name in ("get_output_at", "get_input_at"):
            return self._node(name, updated, note)
        if name == "compile":
            updated = self._metrics_by_name(updated, note)
        if name != modern:
            words = _PLACES.get(name, ())
            if words and any(arg.keyword is None and arg.star != "**" for arg in updated.args[len(words) :]):
                note(f"model.{name}(…)", f"model.{modern}(…), the arguments by name", done=False)
                return updated
            note(f"model.{name}(…)", f"model.{modern}(…)")
            updated = _with_words(updated, words)
            updated = updated.with_changes(func=updated.func.with_changes(attr=cst.Name(modern)))
        owner = next((owner for owner in ("Model", "Layer") if f"{owner}.{modern}" in _TABLE), "Model")
        return self._keywords(f"{owner.lower()}.{modern}", _TABLE.get(f"{owner}.{modern}", ()), updated, note)

    def _add_weight(self, name, updated, note):
        """The name came first, and the shape after it."""
        if name == "add_variable":
            note("layer.add_variable(…)", "layer.add_weight(…)")
            updated = updated.with_changes(func=updated.func.with_changes(attr=cst.Name("add_weight")))
        if not updated.args or not isinstance(updated.args[0].value, cst.SimpleString) or updated.args[0].keyword:
            return updated
        note("add_weight(name, …)", "add_weight(name=…)")
        words = ("name", "shape")
        places = [arg.keyword is None and not arg.star for arg in updated.args]
        named = [
            arg.with_changes(keyword=cst.Name(word), equal=_TIGHT) if place else arg
            for arg, word, place in zip(updated.args[:2], words, places, strict=False)
        ]
        return updated.with_changes(args=[*named, *updated.args[2:]])

    def _metrics_by_name(self, updated, note):
        """The third argument of `compile` was the metrics; it is the weights of the losses today."""
        if len(updated.args) < 3 or any(arg.keyword is not None or arg.star for arg in updated.args[:3]):
            return updated
        third = updated.args[2]
        values = third.value.elements if isinstance(third.value, cst.List | cst.Tuple) else ()
        if not values or all(isinstance(_literal(value.value), int | float) for value in values):
            return updated
        note("compile(optimizer, loss, […])", "compile(optimizer, loss, metrics=[…])")
        named = cst.Arg(third.value, cst.Name("metrics"), comma=third.comma, equal=_TIGHT)
        return updated.with_changes(args=[*updated.args[:2], named, *updated.args[3:]])

    def _node(self, name, updated, note):
        kind = name.split("_")[1]
        new = f"_inbound_nodes[{_code(updated.args[0].value)}].{kind}_tensors[0]"
        note(f"layer.{name}(…)", f"layer.{new}")
        return cst.parse_expression(f"{_code(updated.func.value)}.{new}")

    # --- keywords ----------------------------------------------------------------------------------------------

    def _keywords(self, owner, rows, updated, note):
        """Return the call with the keywords of its rows translated, each at its place."""
        for row in rows:
            given = {arg.keyword.value: arg for arg in updated.args if arg.keyword is not None}
            if row.old in given:
                updated = self._one_keyword(owner, row, given, updated, note)
        return updated

    def _one_keyword(self, owner, row, given, updated, note):
        before = {name: _value(arg.value) for name, arg in given.items() if name != row.old}
        after, value = dict(before), _value(given[row.old].value)
        try:
            row.rewrite(after, value)
        except (ByHandError, ValueError):
            note(f"{owner}({row.old}=…)", row.advice(), done=False)
            return updated
        note(f"{owner}({row.old}=…)", row.advice())
        texts = {name: written(new) for name, new in after.items() if name not in before or before[name] is not new}
        self.needs_keras |= any("keras." in text for text in texts.values())
        args = []
        for arg in updated.args:
            name = arg.keyword.value if arg.keyword is not None else None
            if name == row.old:
                new_names = [n for n in texts if n not in before]
                plain = arg.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
                copies = [_named(plain, n, texts[n], given[row.old], value) for n in new_names]
                args += [*copies[:-1], copies[-1].with_changes(comma=arg.comma)] if copies else []
            elif name is None or name in after:
                args.append(_named(arg, name, texts[name], None, None) if name in texts else arg)
        if args and len(args) < len(updated.args) and args[-1] is not updated.args[-1]:
            args[-1] = args[-1].with_changes(comma=updated.args[-1].comma)
        return updated.with_changes(args=args)


def _with_words(call, words):
    """Return a call whose arguments, but for the first, are given by name."""
    args = [
        arg
        if number == 0 or arg.keyword is not None or arg.star
        else arg.with_changes(keyword=cst.Name(word), equal=_TIGHT)
        for number, (arg, word) in enumerate(zip(call.args, words, strict=False))
    ]
    return call.with_changes(args=[*args, *call.args[len(args) :]])


def _named(arg, name, text, old, value):
    """Return an argument of another name; its value keeps its layout where only the name has changed."""
    same = old is not None and text == written(value)
    return arg.with_changes(keyword=cst.Name(name), value=old.value if same else cst.parse_expression(text))


def _literal(node):
    try:
        return ast.literal_eval(_code(node))
    except (ValueError, SyntaxError):
        return None


def _value(node):
    """Return a literal as the value it is, anything else as its text."""
    text = _code(node)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        elements = [_code(item.value) for item in node.elements] if isinstance(node, cst.List | cst.Tuple) else None
        return Text(text, elements)


def _code(node):
    return cst.Module([]).code_for_node(node)
