"""TensorFlow's messages, as far as exports have them, for Protocol Buffers to read, from bytes or from JSON."""

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "int64": Field.TYPE_INT64,
    "int32": Field.TYPE_INT32,
    "bool": Field.TYPE_BOOL,
}
TYPES = {"DT_INVALID": 0, "DT_FLOAT": 1, "DT_INT32": 3, "DT_BOOL": 10}
# Of each message its fields: name, number, type; "*" where there are many, "%" where they have names.
MESSAGES = {
    "SavedModel": "saved_model_schema_version 1 int64, meta_graphs 2 *MetaGraph",
    "MetaGraph": "meta_info 1 MetaInfo, graph 2 Graph, signatures 5 %Signature",
    "MetaInfo": "tags 4 *string",
    "Signature": "inputs 1 %TensorInfo, outputs 2 %TensorInfo, method_name 3 string",
    "TensorInfo": "name 1 string, dtype 2 DataType, tensor_shape 3 Shape",
    "Graph": "node 1 *Node, versions 4 Versions",
    "Versions": "producer 1 int32",
    "Node": "name 1 string, op 2 string, input 3 *string, attr 5 %Attribute",
    "Attribute": "list 1 List, s 2 bytes, i 3 int64, b 5 bool, type 6 DataType, shape 7 Shape, tensor 8 Tensor",
    "List": "i 3 *int64",
    "Shape": "dim 2 *Side",
    "Side": "size 1 int64",
    "Tensor": "dtype 1 DataType, tensor_shape 2 Shape, tensor_content 4 bytes",
}


def parsed(name: str, data: bytes) -> Message:
    message = _CLASSES[f"tensorflow.{name}"]()
    message.ParseFromString(data)
    return message


def told(name: str, json: dict[str, object]) -> Message:
    return json_format.ParseDict(json, _CLASSES[f"tensorflow.{name}"]())


def _described() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="tensorflow.proto", package="tensorflow", syntax="proto3")
    kinds = file.enum_type.add(name="DataType")
    for name, number in TYPES.items():
        kinds.value.add(name=name, number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split(", "):
            _describe(message, *field.split())
    return file


def _describe(message: descriptor_pb2.DescriptorProto, name: str, number: str, kind: str) -> None:
    label = Field.LABEL_REPEATED if kind[0] in "*%" else Field.LABEL_OPTIONAL
    field = message.field.add(name=name, number=int(number), label=label)
    if kind[0] == "%":
        # What has names is a list of messages with a key and a value.
        entry = message.nested_type.add(name=f"{name.title()}Entry")
        entry.options.map_entry = True
        _describe(entry, "key", "1", "string")
        _describe(entry, "value", "2", kind[1:])
        field.type, field.type_name = Field.TYPE_MESSAGE, f".tensorflow.{message.name}.{entry.name}"
    elif (kind := kind.lstrip("*")) in SCALARS:
        field.type = SCALARS[kind]
    else:
        field.type = Field.TYPE_ENUM if kind == "DataType" else Field.TYPE_MESSAGE
        field.type_name = f".tensorflow.{kind}"


_CLASSES = message_factory.GetMessages([_described()], pool=descriptor_pool.DescriptorPool())
