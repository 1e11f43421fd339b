"""Calls functions as a worker does, in the process of the tests."""

from orquestra.executor.evaluation import Evaluator
from orquestra.executor.exchange import Exchange, encode
from orquestra.executor.protocol import Call, Function, Kept
from orquestra.sdk.code.functions import encode_function
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import WorkflowRunId

RUN = WorkflowRunId("run-1")


class Task:
    """Calls a function as a worker would."""

    def __init__(self, folder):
        self.folder = folder
        self.exchange = Exchange(folder)
        self.evaluator = Evaluator(folder, "w1")
        self.writer = self.exchange.writer(RUN, "other")

    def stored(self, value):
        location = self.writer.write(encode(value))
        self.writer.flush()
        return location

    def call(
        self,
        body,
        *arguments,
        keeps=(None,),
        outputs=1,
        keywords=None,
        run_id=RUN,
        task="work",
        **about,
    ):
        key = (run_id, ir.TaskDefId(task))
        reference = ir.InlineFunctionRef(
            function_name="work", encoded_function=encode_function(body)
        )
        output = ir.TaskOutputMetadata(is_subscriptable=outputs > 1, n_outputs=outputs)
        function = Function(
            "work",
            reference,
            output,
            about.get("dry_run", False),
            about.get("directory"),
            about.get("sources"),
            about.get("modules"),
            about.get("run_variables"),
        )
        self.evaluator.learn({key: function})
        call = Call(
            1,
            key,
            ir.TaskInvocationId(about.get("invocation", "invocation-0")),
            1,
            arguments,
            tuple((keywords or {}).items()),
            tuple(Kept(ir.ArtifactNodeId(f"{task}-{index}"), index) for index in keeps),
            work=about.get("work", "task"),
        )
        if call.work == "count":
            return self.evaluator.count(call)
        return self.evaluator.evaluate(call)

    def values(self, *arguments, **options):
        locations = self.call(*arguments, **options)
        self.evaluator.flush()
        return [self.exchange.read(location) for location in locations]

    def close(self):
        self.evaluator.close()
        self.writer.close()
        self.exchange.forget(RUN)
