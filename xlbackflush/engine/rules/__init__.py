"""What is wrong with the inputs."""
