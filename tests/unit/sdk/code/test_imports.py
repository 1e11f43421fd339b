import pytest

from orquestra import sdk
from orquestra.sdk.code.imports import as_imports
from orquestra.sdk.exceptions import WorkflowSyntaxError


def texts(imports):
    return [str(requirement) for requirement in imports.requirements()]


def test_requirements_are_read_as_pip_reads_them():
    imports = sdk.PythonImports("numpy>=1.26", "Pkg[b,a]<2,>=1; python_version > '3.8'")

    assert texts(imports) == ["numpy>=1.26", 'Pkg[a,b]<2,>=1; python_version > "3.8"']


def test_a_file_is_read_when_it_is_needed_and_comes_first(tmp_path):
    file = tmp_path / "requirements.txt"
    imports = sdk.PythonImports("scipy", file=file)

    file.write_text("# the basics\nnumpy>=1.26\t# arrays\n\npandas \\\n  ==2.2\n")

    assert texts(imports) == ["numpy>=1.26", "pandas==2.2", "scipy"]


def test_a_missing_file_is_said_when_it_is_read(tmp_path):
    with pytest.raises(WorkflowSyntaxError, match=r"'.*missing\.txt'.*relative to"):
        sdk.PythonImports(file=tmp_path / "missing.txt").requirements()


@pytest.mark.parametrize(
    ("package", "what_to_do"),
    [
        ("not a requirement", r"like \"numpy>=1.26\""),
        ("pkg @ git+https://example.com/pkg.git", "branch, a tag or a commit"),
        ("pkg @ git+ssh://git@example.com/pkg.git", "branch, a tag or a commit"),
        ("pkg @ git+https://example.com/pkg@v1#subdirectory=a", "branch, a tag or a commit"),
        ("pkg @ git+https://example.com/pkg@v1 ; python_version > '3'", "marker"),
        ("pkg @ https://example.com/pkg-1.tar.gz", "custom image"),
        ("--index-url https://example.com", "custom image"),
        ("-e .", "custom image"),
        ("pkg==1 --hash=sha256:abc", "custom image"),
        ("pkg==1\t--hash=sha256:abc", "custom image"),
        ("pkg===", "lacks the version"),
    ],
)
def test_what_would_be_lost_on_the_way_is_refused(package, what_to_do):
    with pytest.raises(WorkflowSyntaxError, match=what_to_do):
        sdk.PythonImports(package)


def test_what_would_be_lost_is_refused_in_files_too_with_the_name_of_the_file(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("-r other.txt\n")

    with pytest.raises(WorkflowSyntaxError, match=r"requirements\.txt: '-r other\.txt'"):
        sdk.PythonImports(file=file).requirements()


def test_a_package_named_twice_is_refused():
    with pytest.raises(WorkflowSyntaxError, match="twice"):
        sdk.PythonImports("scikit-learn>1", "Scikit_Learn<2").requirements()


def test_something_else_than_a_text_is_refused():
    with pytest.raises(TypeError, match="None"):
        sdk.PythonImports(None)


def test_equal_imports_are_equal():
    assert sdk.InlineImport() == sdk.InlineImport()
    assert sdk.PythonImports("a", file="b") == sdk.PythonImports("a", file="b")
    assert hash(sdk.PythonImports("a")) == hash(sdk.PythonImports("a"))
    assert sdk.PythonImports("a") != sdk.PythonImports("b")
    assert repr(sdk.PythonImports("a", file="b")) == "PythonImports('a', file='b')"


def test_one_import_several_or_none_can_be_given():
    numpy = sdk.PythonImports("numpy")

    assert as_imports(numpy) == (numpy,)
    assert as_imports([numpy, sdk.InlineImport()]) == (numpy, sdk.InlineImport())
    assert as_imports([]) == ()
    assert as_imports(None) is None


@pytest.mark.parametrize("imports", ["numpy", ["numpy"]])
def test_a_text_in_place_of_an_import_is_refused(imports):
    with pytest.raises(TypeError, match=r"'numpy' is not an import.*PythonImports\('numpy'\)"):
        as_imports(imports)


def test_something_that_holds_no_imports_is_refused():
    with pytest.raises(TypeError, match="5 is not an import"):
        as_imports(5)


def test_a_password_in_an_address_is_refused_without_repeating_it():
    with pytest.raises(WorkflowSyntaxError, match=r"password.*GitImportWithAuth") as refused:
        sdk.PythonImports("pkg @ git+https://ada:hunter2@example.com/pkg@v1")

    assert "hunter2" not in str(refused.value)
