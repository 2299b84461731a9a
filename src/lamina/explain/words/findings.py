"""The sentences of `check`, by code: what is wrong, the evidence, the line to change.

Names in braces are filled in by the check; a code that correct programs can earn, too, is among the `LIKELY` ones.
"""

FINDINGS = {
    "L201": (
        "{layer} is applied to each of the {positions} positions, so there are as many answers per sample; the labels "
        "have one.",
        "The output is {output}, y is {labels}.",
        "Flatten()   # or a pooling layer, before {layer}",
    ),
    "L301": (
        "{layer} already gives probabilities, and the loss turns them into probabilities once more.",
        "{layer} ends with {activation}; {loss} has from_logits=True.",
        "{kind}(from_logits=False)   # or no activation in {layer}",
    ),
    "L302": (
        "{loss} wants probabilities, and {layer} gives any numbers.",
        "{layer} has no activation, and the loss has from_logits=False.",
        'activation="{wanted}" in {layer}   # or from_logits=True in the loss',
    ),
    "L303": (
        "{layer} ends with relu: it gives no probabilities, and where it gives 0 nothing is learned.",
        "The loss is {loss}.",
        'activation="{wanted}" in {layer}',
    ),
    "L304": (
        "The softmax of {layer} goes over a single unit, so its output is always 1.",
        "{layer} gives {output}.",
        'activation="sigmoid" in {layer}   # with binary_crossentropy',
    ),
    "L305": (
        "{activation} is applied twice: by {before} and by {layer}.",
        "Probabilities of probabilities are nearly equal to each other.",
        "leave {layer} out   # or the activation of {before}",
    ),
    "L312": ("{what}", "{why}", "{fix}"),  # as the loss says it
    "L320": (
        "Labels and outputs differ in shape under {loss}, which would compare each with each.",
        "The output is {output}, y is {labels}.",
        "{width} labels per sample   # or {columns} units in {layer}",
    ),
    "L330": (
        'The metric "{metric}" calls an output above 0.5 a yes, but {layer} gives logits: their threshold is 0.',
        "A logit of 0.5 is a probability of 0.62.",
        "metrics=[BinaryAccuracy(threshold=0.0)]",
    ),
    "L333": (
        'The metric "{metric}" counts outputs that equal the label, and {layer} gives any numbers: it stays near 0.',
        "The loss is {loss}, and y holds numbers such as {example:g}.",
        'metrics=["mae"]   # how far off the outputs are, on average',
    ),
    "L334": (
        'The metric "{metric}" wants {wanted}, and the labels are {given}.',
        "y is {labels}, the output {output}.",
        'metrics=["accuracy"]   # it takes the form that suits the labels',
    ),
    "L340": (
        "{layer} has rows for the integers 0 to {last}, and the data hold others.",
        "x runs from {low} to {high}.",
        "Embedding({rows}, ...)",
    ),
    "L341": (
        "The inputs hold NaN, so the loss will be NaN.",
        "{bad} of {size} values{where}.",
        "x = np.nan_to_num(x)   # or leave these samples out",
    ),
    "L342": (
        "The images go into {layer} with values up to {high:g}; networks learn from values around 1.",
        "x runs from {low:g} to {high:g}, in whole numbers.",
        'x = x.astype("float32") / 255   # or a Rescaling(1 / 255) layer first',
    ),
    "L343": (
        "The images look as if their channels came first, and {layer} reads the last axis as channels.",
        "A sample has the shape {shape}: {rows} rows of {columns} pixels with {channels} channels each.",
        "x = np.moveaxis(x, 1, -1)",
    ),
    "L350": (
        "{layer} drops the mask that {user} would have used: padding counts as data there.",
        "{layer} ({kind}) gets a mask and does not pass it on.",
        "put {layer} behind {user}   # or leave it out",
    ),
    "L360": (
        "The labels are sorted, and `validation_split` takes the last samples without shuffling.",
        "In the last {share:.0%}, {trouble}.",
        "order = np.random.permutation(len(x)); x, y = x[order], y[order]",
    ),
    "L361": (
        "The validation data repeat training samples, so they do not show how the model does on new ones.",
        "{repeated} of {count} validation samples looked at are in the training data.",
        "split the data before anything else: x[:n], x[n:]",
    ),
    "L364": (
        "The labels count from 1, so the first unit of {layer} is never right.",
        "Labels run from 1 to {last}; the units stand for 0 to {last}.",
        "y = y - 1   # and {last} units",
    ),
    "L365": (
        "Feature {large} is {ratio:.0e} times as large as feature {small}, which {layer} cannot make out beside it.",
        "Their deviations are {most:.3g} and {least:.3g}.",
        "x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-7)",
    ),
    "L366": (
        "The sequences seem padded with 0, and {layer} reads the padding as words.",
        "{share:.0%} of the samples {name} with zeros, and 0 stands nowhere else.",
        "Embedding({rows}, {width}, mask_zero=True)",
    ),
    "L370": (
        "{layer} is the first layer whose output is not finite, though the inputs are.",
        "{bad} of {size} values are NaN or infinite.",
        "look at the weights of {layer}: model.get_layer({name!r}).get_weights()",
    ),
    "L371": (
        "The units of {layer} are dead: relu gives 0 for every sample, and 0 is its slope there.",
        "{share:.0%} of {units} units, on {samples} samples.",
        "a smaller learning rate, scaled inputs, or activation='leaky_relu'",
    ),
    "L372": (
        "The units of {layer} are saturated: {activation} is flat where they work.",
        "{share:.0%} of the values are at its ends.",
        "scale the inputs   # x = (x - x.mean()) / x.std()",
    ),
    "L373": (
        "The gradient vanishes on its way to {weight}: the first layers do not learn.",
        "There it is {least:.1e}, behind it up to {most:.1e}.",
        'activation="relu"   # in the layers between, or BatchNormalization() behind each',
    ),
    "L374": (
        "The gradient explodes: that of {weight} is {ratio:.0e} times as large as the weights themselves.",
        "Root mean squares on {samples} samples.",
        "scale inputs and labels   # or clipnorm=1.0 in the optimizer",
    ),
    "L375": (
        "The learning rate is too large: on one batch, repeated, the loss grows.",
        "From {first:.3g} to {last:.3g} in {steps} steps with the learning rate {rate:g}.",
        "{optimizer}(learning_rate={less:.1g})",
    ),
    "L380": (
        "{layer} normalizes by the batch, and in a batch of one sample nothing deviates: its output is always beta.",
        "batch_size=1.",
        "batch_size=32   # or LayerNormalization() in place of {layer}",
    ),
    "L381": (
        "{layer} has never updated its mean and variance, so in inference it normalizes by 0 and 1.",
        "After {steps} steps the moving mean is still 0 and the moving variance 1.",
        "{layer}(x, training=training)   # in `call`, with the `training` that `call` gets",
    ),
    "L382": (
        "What is trainable was changed after `compile`; the optimizer knows the old weights, and `fit` refuses.",
        "{added} weights became trainable and {frozen} were frozen since.",
        "model.compile(...)   # again, after setting `trainable`",
    ),
    "L383": (
        "{layer} is frozen before it has seen any data: it normalizes by mean 0 and variance 1, so not at all.",
        "Its moving mean is still 0 and its moving variance 1, while other layers are trained.",
        "{layer}.trainable = True   # or load its weights before freezing it",
    ),
}

LIKELY = {"L333", "L342", "L343", "L364", "L365", "L366", "L371", "L372", "L373", "L374", "L383"}

COLUMNS = ", in column(s) {columns} of the last axis"
ONE_CLASS = "there is class {only} only"
AS_A_COLUMN = "The labels ({samples},) are read as one column, ({samples}, 1), as the output is one."
NEVER_TRAINED = "there are classes that are never trained: {unseen}"
CLASS_NUMBERS, ONE_HOT = "class numbers", "one-hot, a column for each class"
