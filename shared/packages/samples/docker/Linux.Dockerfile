# The exported model as a service: docker build -t model . && docker run -p 127.0.0.1:80:80 model
FROM python:3.11.14-slim-bookworm
WORKDIR /app
COPY app/requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY app ./
# A number, so that a platform can see that it isn't root's. Where a user may not take port 80, set PORT to a higher one.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin model
USER 10001
ENV PORT=80 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 80
HEALTHCHECK CMD python -c "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'], timeout=5)"
# Python ends at this signal; to the usual one it is deaf as a container's first process.
STOPSIGNAL SIGINT
CMD ["python", "app.py"]
