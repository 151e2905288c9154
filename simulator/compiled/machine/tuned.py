"""The engine compiled in a way that is tuned for a few versions of numba, by means that numba does not promise to keep.

numba makes machine code of every compiled function and, with it, of all that the function calls, over and over on the
way up from the smallest to the largest: with a hundred functions that takes two minutes. Here the functions are only
put into LLVM's form one by one (:class:`_Part`), and optimised and made machine code once, with the function that
Python calls (:class:`_Whole`).

numba counts references of a structure, and of each array in it, whenever a function takes or reads one. In this engine
that was a third of all time. A world outlives whatever happens in it, so :func:`borrowed` gives the functions a bare
pointer to it: what they read through that has no owner to count. Writing an array into it, as when there must be more
room, is counted as ever. What was read from an array that has been replaced since is gone: read again after anything
that may make room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_getattr_generic, lower_setattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic

from .cache import caching

Function = TypeVar("Function", bound=Callable[..., Any])


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """The code of one function, left unchanged for the linker."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalized = True

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Nothing to do: what needs an environment, such as printing, is not done in a part."""


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function that Python calls, with that of all that it calls."""

    def finalize(self) -> None:
        # Callers first: LLVM leaves out what nothing refers to yet.
        self._linking_libraries = _called_last(self)[-2::-1]
        super().finalize()


def _called_last(library: Any, seen: set[int] | None = None) -> list[Any]:
    """All libraries that one rests on, each before those that rest on it, and itself at the end."""
    seen = set() if seen is None else seen
    found: list[Any] = []
    for each in library._linking_libraries if isinstance(library, _Part | _Whole) else ():
        if id(each) not in seen:
            seen.add(id(each))
            found += _called_last(each, seen)
    return [*found, library]


class _PartCompiler(CompilerBase):  # type: ignore[misc]
    library = _Part

    def define_pipelines(self) -> list[Any]:
        self.state.library = self.library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _WholeCompiler(_PartCompiler):
    library = _Whole


def jit(function: Function) -> Function:
    """Compile a function into each of those that call it. No ``fastmath`` and no parallel sums: they change bits."""
    compiled = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_PartCompiler)(function)
    template = compiled.get_call_template

    def without_literals(arguments: Any, keywords: Any) -> Any:
        # numba would compile a function again for every constant that it is called with.
        plain = tuple(numba.types.unliteral(each) for each in arguments)
        return template(plain, {name: numba.types.unliteral(each) for name, each in keywords.items()})

    compiled.get_call_template = without_literals
    return cast(Function, compiled)


def entry(function: Function) -> Function:
    """Compile a function that Python calls, and keep the machine code of it and of all that it calls."""
    with caching() as cached:
        return cast(Function, numba.njit(cache=cached, no_cfunc_wrapper=True, pipeline_class=_WholeCompiler)(function))


class Structure(types.StructRef):  # type: ignore[misc]
    """A structure that is identified only by its name: numba would spell out all fields wherever a function takes it,
    and take ten times as long to compile.
    """

    def __init__(self, fields: list[tuple[str, Any]]) -> None:
        super().__init__(fields)
        self.name = f"shenhe.{type(self).__name__}"
        self._payload = super().get_data_type()
        self._payload.name = f"{self.name}.payload"

    def get_data_type(self) -> Any:
        return self._payload


class Borrowed(types.Type):  # type: ignore[misc]
    """A pointer to the fields of a structure."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        super().__init__(f"{structure.name}.borrowed")

    def field(self, name: str) -> Any:
        return self.structure.field_dict.get(name)


@register_default(Borrowed)
class _BorrowedModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, borrowed: Borrowed) -> None:
        fields = manager.lookup(borrowed.structure.get_data_type()).get_value_type()
        super().__init__(manager, borrowed, fields.as_pointer())


@infer_getattr
class _Fields(AttributeTemplate):  # type: ignore[misc]
    key = Borrowed

    def generic_resolve(self, borrowed: Borrowed, name: str) -> Any:
        field = borrowed.field(name)
        return Borrowed(field) if isinstance(field, Structure) else field


def _data(context: Any, builder: Any, borrowed: Borrowed, pointer: Any) -> Any:
    return cgutils.create_struct_proxy(borrowed.structure.get_data_type())(context, builder, ref=pointer)


def _pointer(context: Any, builder: Any, structure: Structure, value: Any) -> Any:
    """The pointer to the fields of a structure that is counted."""
    counted = cgutils.create_struct_proxy(structure)(context, builder, value=value)
    fields = context.data_model_manager[structure.get_data_type()].get_value_type()
    return builder.bitcast(context.nrt.meminfo_data(builder, counted.meminfo), fields.as_pointer())


def _read(context: Any, builder: Any, borrowed: Borrowed, pointer: Any, name: str) -> Any:
    field, value = borrowed.field(name), getattr(_data(context, builder, borrowed, pointer), name)
    if isinstance(field, Structure):
        return _pointer(context, builder, field, value)
    if isinstance(field, types.Array):
        array = context.make_array(field)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    return value


def _write(context: Any, builder: Any, signature: Any, arguments: Any, name: str) -> None:
    borrowed, given = signature.args
    field, data = borrowed.field(name), _data(context, builder, borrowed, arguments[0])
    value, before = context.cast(builder, arguments[1], given, field), getattr(data, name)
    context.nrt.incref(builder, field, value)
    context.nrt.decref(builder, field, before)
    setattr(data, name, value)


lower_getattr_generic(Borrowed)(_read)
lower_setattr_generic(Borrowed)(_write)


@intrinsic  # type: ignore[untyped-decorator]
def borrowed(typing_context: Any, structure: Any) -> Any:
    """A structure, such that reading from it counts nothing. Another object must hold it meanwhile."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _pointer(context, builder, structure, arguments[0])

    return Borrowed(structure)(structure), generate


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(typing_context: Any, array: Any, place: Any, offset: Any) -> Any:
    """Have the processor fetch the line of its cache at a byte of one record, which need not be waited for."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        records = context.make_array(signature.args[0])(context, builder, arguments[0])
        begin = builder.mul(arguments[1], context.get_constant(types.intp, signature.args[0].dtype.size))
        pointer = builder.bitcast(records.data, ir.IntType(8).as_pointer())
        pointer = builder.gep(pointer, [builder.add(begin, arguments[2])])
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
        to_write, keep, data = ir.Constant(word, 1), ir.Constant(word, 3), ir.Constant(word, 1)
        builder.call(
            cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [pointer, to_write, keep, data]
        )
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate
