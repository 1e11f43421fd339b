"""The base images of Orquestra and the tool that builds them: `python -m images --help`.

Here belongs what turns the sources of this repository into `orquestra-sdk-base` images: the
Containerfile, the choice of parent image, labels, and the settings that a build needs to reach
package indexes. Nothing of it is in the distribution, and it imports the standard library only,
so that it runs with any Python 3.11 before anything is installed. How the engine uses images
belongs to `orquestra.engine.images`.
"""
