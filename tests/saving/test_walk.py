from tests.saving.standins import Dense, Model, Part

from lamina.saving.walk import walk


def paths(model):
    return [path for path, _ in walk(model)]


def test_attributes_come_in_alphabetical_order_private_ones_last():
    model = Model(_c=Dense(), b=Dense(), a=Dense())
    assert paths(model) == ["", "a", "b", "_c"]


def test_members_of_containers_are_named_by_class_and_numbered():
    model = Model(blocks=[Dense(name="x"), Part(), Dense(name="y")])
    assert paths(model) == ["", "blocks/dense", "blocks/part", "blocks/dense_1"]


def test_dicts_are_walked_in_their_own_order_and_nested_containers_are_numbered():
    model = Model(blocks={"z": Dense(), "a": [Dense()], "b": (Dense(), 3)})
    assert paths(model) == ["", "blocks/dense", "blocks/container/dense", "blocks/container_1/dense"]


def test_an_object_met_again_keeps_its_first_place_but_takes_part_in_the_numbering():
    shared = Dense()
    assert paths(Model(a=shared, layers=[shared, Dense()])) == ["", "a", "layers/dense_1"]


def test_a_part_that_refers_to_its_owner_does_not_send_the_walk_around_in_circles():
    model = Model(a=Part())
    model.a.owner = model
    assert paths(model) == ["", "a"]


def test_a_container_that_contains_itself_is_walked_once():
    ring = [Dense()]
    ring.append(ring)
    assert paths(Model(ring=ring)) == ["", "ring/dense"]


def test_a_functional_model_shows_its_layers_first_and_hides_its_operations():
    class Functional(Model):
        _saveable_kind = "Functional"

    head = Dense()
    model = Functional(a=head, layers=[head], _operations=[head, Dense()])
    assert paths(model) == ["", "layers/dense"]


def test_properties_of_subclasses_are_searched_and_those_that_raise_are_passed_over():
    class Lazy(Model):
        @property
        def head(self):
            return self.__dict__.setdefault("made", Dense())

        @property
        def broken(self):
            raise RuntimeError("not now")

    assert paths(Lazy()) == ["", "head"]


def test_every_model_is_searched_beyond_what_a_layer_is():
    class Subclassed(Model):
        _saveable_kind = "Model"

        @property
        def layers(self):
            return [Dense()]

    assert paths(Subclassed()) == ["", "layers/dense"]
